const mebibyte = 1024n * 1024n

/** Winston asked for keeping so many bytes of a layer-1 transaction's data. */
export function priceOf(bytes: number, winstonPerMebibyte: number): bigint {
  return (BigInt(bytes) * BigInt(winstonPerMebibyte) + mebibyte - 1n) / mebibyte
}
