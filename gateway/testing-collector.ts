import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector gets it, with its attributes as a plain object. */
export interface CollectedSpan {
  service: string;
  /** The resource's attributes. */
  resource: Record<string, unknown>;
  traceId: string;
  spanId: string;
  /** Empty at the root. */
  parentSpanId: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes: Record<string, unknown>;
  isError: boolean;
  /** Of the spans that it links to. */
  links: string[];
}

/** A collector of traces: it takes what a real exporter sends by OTLP/HTTP in JSON. */
export interface TestCollector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  spans: CollectedSpan[];
  /** All that was sent, as it came. */
  bodies: string[];
}

const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const errorStatus = 2;

/** @param port any free one, if left out */
export async function startCollector(port = 0): Promise<TestCollector> {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    bodies.push(body);
    if (request.url === '/v1/traces') spans.push(...decode(JSON.parse(body)));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** ExportTraceServiceRequest (OTLP 1.x, JSON Protobuf encoding), as far as the tests look. */
interface ExportRequest {
  resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: KeyValue[];
  status?: { code?: number };
  links?: { spanId: string }[];
}

const plain = (attributes: readonly KeyValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

function decode({ resourceSpans }: ExportRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource: { attributes }, scopeSpans }) => {
    const resource = plain(attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, kind, status, links = [], parentSpanId = '', traceId, spanId, name }) => ({
        ...{ service: String(resource['service.name']), resource, traceId, spanId, parentSpanId, name },
        kind: kinds[kind] ?? 'internal',
        attributes: plain(attributes),
        isError: status?.code === errorStatus,
        links: links.map(({ spanId }) => spanId),
      })),
    );
  });
}
