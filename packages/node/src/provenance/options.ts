/** Bounds of one answer; whoever wants more asks again from where it was cut. */
export const provenanceLimits = {
  /** Steps away from the item that was asked for, each way. */
  depth: 16,
  /** Items in one answer. */
  items: 200,
  /** Grounds of one item that are followed; items have at most 128 tags. */
  grounds: 32,
  /** What came of one item, oldest first. */
  offspring: 20,
} as const
