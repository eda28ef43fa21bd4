/**
 * Headers of our own pages. Only what a page itself brings runs (scripts written into it by their
 * SHA-256), and it speaks to this node alone. Frames show content of users, which the gateway serves
 * without rights; nobody may frame the page.
 */
export function securityHeaders(
  scriptHashes: readonly Uint8Array[],
  hasStyleAttributes: boolean,
): Readonly<Record<string, string>> {
  const hashes = scriptHashes.map((hash) => ` 'sha256-${btoa(String.fromCharCode(...hash))}'`)
  const policy = [
    "default-src 'none'",
    `script-src 'self'${hashes.join('')}`,
    "style-src 'self'",
    ...(hasStyleAttributes ? ["style-src-attr 'unsafe-inline'"] : []),
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin-allow-popups',
  }
}
