// Only http and https have an origin; for anything else URL says "null", which must equal nothing.
export function originOf(url: string): string {
  const origin = URL.canParse(url) ? new URL(url).origin : 'null';
  return origin === 'null' ? `no origin (${url.slice(0, 100)})` : origin;
}
