/**
 * The user and password of a URL as the header that says them (RFC 7617), and the URL without: `fetch` refuses a URL that has
 * them, and repeats it, password and all, in its error's message.
 * @param name the setting's, which an error tells instead of its value
 */
export function readCredentials(name: string, text: string): { url: string; headers: Record<string, string> } {
  const url = URL.parse(text);
  if (!url) throw new Error(`${name} is not a URL`);
  const { username, password } = url;
  if (!username && !password) return { url: url.href, headers: {} };
  [url.username, url.password] = ['', ''];
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}
