/** `Memory-Limit` where neither the process nor its module states one. Same for every node. */
export const memoryLimitDefaultBytes = 1024 ** 3

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
}

/** Bytes of a `Memory-Limit` such as `1-gb`, `500-mb` or `1.5gb`; undefined where it is none. */
export function readMemoryLimit(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)[- ]?([kmgt]?b)?$/i.exec(text.trim())
  if (match === null) return undefined
  const bytes = Math.floor(Number(match[1]) * (unitBytes[(match[2] ?? '').toLowerCase()] ?? 1))
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}
