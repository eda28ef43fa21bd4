import { describe, expect, it } from 'vitest'
import { gasTable, readComputeLimit } from './gas.ts'

describe('Compute-Limit', () => {
  it('is the default where no tag names one', () => {
    expect(readComputeLimit(undefined)).toBe(gasTable.messageDefault)
  })

  it('is what the tag says, up to the most the network runs', () => {
    expect(readComputeLimit('1')).toBe(1)
    expect(readComputeLimit('9000000000000')).toBe(gasTable.messageMax)
    expect(readComputeLimit('9'.repeat(19))).toBe(gasTable.messageMax)
  })

  it.each(['', '0', '-1', '1.5', '1e9', ' 7', '0x10', '9'.repeat(20)])(
    'does not read %j',
    (text) => {
      expect(readComputeLimit(text)).toBeUndefined()
    },
  )
})
