import type { XrayReport } from '../../../gateway/xray-report.ts';
import { codeOf, type GraphqlAnswer } from './graphql.ts';

/** What the panels need to know of the last answer. */
export interface Answer {
  /** On the clock of `performance.now()`. */
  answeredAtMs: number;
  /** The operation's; null where it has none. */
  name: string | null;
  /** Whether the header that asks for an X-ray was sent. */
  wasXrayAsked: boolean;
  xray: XrayReport | null;
  /** How many fields wanted to know who asks. */
  unauthenticated: number;
}

/** A mutation that gave events to follow. */
export interface Write {
  eventIds: string[];
  /** Under which it was asked: only who caused an event may ask for it. Undefined for a visitor. */
  token: string | undefined;
  /** On the clock of `performance.now()`. */
  answeredAtMs: number;
}

/** Takes the X-ray out of an answer, so that the result pane stays readable. */
export function takeXray(answer: GraphqlAnswer): { xray: XrayReport | null; rest: GraphqlAnswer } {
  const { xray, ...extensions } = answer.extensions ?? {};
  if (!xray) return { xray: null, rest: answer };
  const { extensions: _, ...rest } = answer;
  return {
    xray: xray as XrayReport,
    rest: Object.keys(extensions).length > 0 ? { ...rest, extensions } : rest,
  };
}

/** The ids of all `event { id }` in a mutation's data, at any depth, each once. */
export function eventIdsIn(data: unknown): string[] {
  const found = new Set<string>();
  const visit = (value: unknown) => {
    if (value === null || typeof value !== 'object') return;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'event' && typeof child?.id === 'string') found.add(child.id);
      visit(child);
    }
  };
  visit(data);
  return [...found];
}

/** How many fields of an answer wanted to know who asks; a login that failed is none of them. */
export const countUnauthenticated = ({ errors = [] }: GraphqlAnswer): number =>
  errors.filter((error) => codeOf(error) === 'UNAUTHENTICATED' && error.path?.[0] !== 'login').length;
