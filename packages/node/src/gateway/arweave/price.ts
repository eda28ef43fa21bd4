const mebibyte = 1024n * 1024n

/** Winston asked for keeping so many bytes of a layer-1 transaction's data, in so many copies. */
export function priceOf(bytes: number, winstonPerMebibyte: number, copies = 1): bigint {
  const winston = BigInt(bytes) * BigInt(winstonPerMebibyte) * BigInt(copies)
  return (winston + mebibyte - 1n) / mebibyte
}
