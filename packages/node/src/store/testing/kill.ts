/** Small, so that segments are finished and collected all the time. */
export const killOptions = { segmentBytes: 1_500_000, unsyncedBytes: 400_000, hashThreads: 0 }

/** The size of what a seed stands for: mostly small, some of several chunks. */
export function killSize(seed: number): number {
  return seed % 5 === 0 ? 300_000 + ((seed * 7919) % 500_000) : 1 + ((seed * 104_729) % 20_000)
}
