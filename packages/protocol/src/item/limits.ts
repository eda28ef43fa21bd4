/** What one item may hold. Counts, and sizes in bytes. */
export type ItemLimits = {
  readonly tags: number
  readonly tagNameBytes: number
  readonly tagValueBytes: number
  readonly tagAreaBytes: number
  readonly itemBytes: number
}

/**
 * Limits of ANS-104 as deployed (4,096 bytes of tags is arbundles' limit, the rest the standard's).
 * `itemBytes` is the most a digest takes in one call.
 */
export const itemLimits: ItemLimits = {
  tags: 128,
  tagNameBytes: 1024,
  tagValueBytes: 3072,
  tagAreaBytes: 4096,
  itemBytes: 2 ** 31 - 1,
}
