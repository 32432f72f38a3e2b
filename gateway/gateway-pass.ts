import { hash, randomUUID, webcrypto } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { type ErrorCode, errorCodes } from './errors.ts';

/** What the gateway vouches for, beside the operation itself. */
const passSchema = z.object({
  requestId: z.string(),
  /** Who asks; null for a visitor, and where nobody could tell. */
  viewer: z
    .object({
      userId: z.string(),
      scopes: z.array(z.string()).readonly(),
      blocks: z.array(z.string()).readonly().optional(),
    })
    .nullable(),
  /** What kept the gateway from knowing the viewer. */
  viewerError: z
    .object({
      code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
      message: z.string(),
      store: z.string().optional(),
      retryable: z.boolean(),
    })
    .nullable(),
  /** Only for subgraphs that end sessions. */
  sessionKey: z.string().nullable(),
  /** Milliseconds until nobody waits for the answer any more. */
  budgetMs: z.number(),
  /** The request reads after an event. */
  mustBeFresh: z.boolean(),
  /** A query, which does no harm twice. */
  isRead: z.boolean(),
  /** Whether the answer tells the store calls, and with values. */
  xray: z.enum(['none', 'shapes', 'values']),
  /** W3C Trace Context; absent outside of a trace. */
  traceparent: z.string().optional(),
});

export type Pass = z.infer<typeof passSchema>;

const issuer = 'streamshop-gateway';
/** Said outright, so that no other token signed with the same key passes for one (RFC 8725, section 3.11). */
const type = 'pass+jwt';
const algorithm = 'HS256';
/** By how much the clocks of two machines may differ. */
const clockToleranceSeconds = 5;

const bodyHash = (body: string | Buffer) => hash('sha256', body, 'base64url');

const importKey = (secret: Uint8Array) =>
  webcrypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);

/** Makes the pass for one fetch: a JSON Web Signature (RFC 7515) for that subgraph, that body and a short time. */
export type PassSigner = (pass: Pass, body: string) => Promise<string>;

/** @param audience the subgraph's name */
export function createPassSigner(secret: Uint8Array, audience: string): PassSigner {
  const key = importKey(secret);
  return async (pass, body) => {
    const nowSeconds = Date.now() / 1_000;
    return await new SignJWT({ ...pass, bodySha256: bodyHash(body) })
      .setProtectedHeader({ alg: algorithm, typ: type })
      .setIssuer(issuer)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(Math.floor(nowSeconds))
      .setExpirationTime(Math.ceil(nowSeconds + pass.budgetMs / 1_000))
      .sign(await key);
  };
}

/**
 * Looks at a pass before its body is there.
 * @throws Error with the reason, for one that is not of the gateway, not for this subgraph, or over
 */
export type PassVerifier = (token: string) => Promise<BodyVerifier>;

/**
 * Gives what the pass vouches for.
 * @throws Error with the reason, for one that is not for this body, over by now, or, where it is for a mutation, known already
 */
export type BodyVerifier = (body: Buffer) => Pass;

/** @param audience the subgraph's name */
export function createPassVerifier(secret: Uint8Array, audience: string): PassVerifier {
  const key = importKey(secret);
  const isNew = onceOnly();
  return async (token) => {
    const { payload } = await jwtVerify(token, await key, {
      ...{ issuer, audience, typ: type, algorithms: [algorithm], clockTolerance: clockToleranceSeconds },
      requiredClaims: ['exp', 'iat', 'jti', 'bodySha256'],
    });
    const pass = passSchema.parse(payload);
    const { jti, exp } = payload as { jti: string; exp: number };
    const untilSeconds = exp + clockToleranceSeconds;
    return (body) => {
      // A body that dawdles must not outlive the memory of the passes that were used.
      if (untilSeconds <= Date.now() / 1_000) throw new Error('the pass was over before its body came');
      if (payload.bodySha256 !== bodyHash(body)) throw new Error('the body is not the one that was signed');
      if (!pass.isRead && !isNew(jti, untilSeconds)) throw new Error('the pass was used before');
      return pass;
    };
  };
}

/** Tells whether an id is shown for the first time; remembers each as long as it could be shown again. */
function onceOnly(): (id: string, untilSeconds: number) => boolean {
  const seen = new Map<string, number>();
  return (id, untilSeconds) => {
    // Passes live for about the same time, so the first to come are the first to go.
    for (const [known, until] of seen) {
      if (until > Date.now() / 1_000) break;
      seen.delete(known);
    }
    if (seen.has(id)) return false;
    seen.set(id, untilSeconds);
    return true;
  };
}
