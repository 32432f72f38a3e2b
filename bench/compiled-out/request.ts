import { currentRequest, type Origin, withRequest } from '../../gateway/request.ts';

// gateway/request.ts, where nobody wants to know which fetch of a request it is: the deadline knows the request already.
export * from '../../gateway/request.ts';
export const withOrigin = <T>({ request }: Origin, work: () => T): T =>
  currentRequest() === request ? work() : withRequest(request, work);
