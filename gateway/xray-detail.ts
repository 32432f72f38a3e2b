import type { RequestContext } from './request.ts';

/** How much of a request's X-ray the client gets: nothing, the statements with the shapes of their values, or all. */
export type XrayDetail = 'none' | 'shapes' | 'values';

/**
 * Decides by the viewer.
 * @param isProduction then only viewers with the scope `xray` get it; values are for those alone anywhere
 */
export async function xrayDetail(
  { xray, viewer }: Pick<RequestContext, 'xray' | 'viewer'>,
  { isProduction }: { isProduction: boolean },
): Promise<XrayDetail> {
  if (!xray) return 'none';
  // Without the session store nobody is known to have the scope.
  const known = await viewer().catch(() => null);
  if (known?.scopes.includes('xray')) return 'values';
  return isProduction ? 'none' : 'shapes';
}
