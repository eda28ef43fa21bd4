/**
 * First bytes of what is hashed or signed about storers. They go on where `hashTags` of merkle end,
 * and no input here has a length that a leaf may have, a multiple of 128.
 */
export const storerTags = {
  storerSet: 6,
  drawSeed: 7,
  drawBlock: 8,
  statement: 9,
  possession: 10,
  committeeSeed: 11,
  registration: 12,
  epochBeacon: 13,
} as const

/** Stands before every message a storer's key signs, so that no other use of BLS gives one. */
export const signingDomain = 'heddle/da/1'
