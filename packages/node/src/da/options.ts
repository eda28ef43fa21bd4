/**
 * Memory of an engine for the buffers of its user: 64 MiB hold a segment's data, parity and change.
 */
export const arenaBytesDefault = 64 * 1024 * 1024

/** The longest piece of a row: 64 of them are a stripe of 1 MiB, which stays in the cache. */
export const pieceBytesMax = 16 * 1024

/** Up to so many missing rows a matrix product is faster than the transform (bench/da.ts). */
export const matrixRowsMax = 12
