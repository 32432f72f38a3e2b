// gateway/tracing.ts, observing nothing.
const nothing = () => {};
const never = (): boolean => false;

export const startTracing = async (): Promise<AsyncDisposable> => ({ [Symbol.asyncDispose]: async () => {} });
export const isTracing = never;
export const isTraced = never;
export const isTracedIn = never;
export const tracer = nothing;
export const contextBelow = nothing;
export const currentTraceparent = nothing;
export const traceparentIn = nothing;
export const currentTraceId = (): null => null;
