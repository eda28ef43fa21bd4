import { decodeBase64Url, decodeText, encodeBase64Url } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import { describe, expect, it } from 'vitest'
import { messageDraft, type Origin, spawnDraft } from './drafts.ts'
import { lettersOf, outgoingAt, tagAssignments } from './letters.ts'
import { tags } from './testing/fake-node.ts'

const origin: Origin = {
  processId: 'sender',
  moduleId: 'module',
  schedulerAddress: 'scheduler',
  pushedFor: 'first',
}
const id = encodeBase64Url(new Uint8Array(32).fill(7))

const draft = (outgoing: object) => messageDraft(outgoing, id, origin, 'd')

describe('anchors', () => {
  it('are 32 bytes or nothing', () => {
    const anchorOf = (Anchor: unknown) => draft({ Anchor, Tags: [] }).anchor
    expect(decodeText(anchorOf('12') ?? new Uint8Array())).toBe(`${'0'.repeat(30)}12`)
    expect(decodeText(anchorOf('x'.repeat(32)) ?? new Uint8Array())).toBe('x'.repeat(32))
    expect(anchorOf(id)).toEqual(decodeBase64Url(id))
    expect(anchorOf('é'.repeat(16))).toHaveLength(32)
    for (const none of ['', undefined, null, 5, 'x'.repeat(33)])
      expect(anchorOf(none)).toBeUndefined()
  })
})

describe('data', () => {
  it('is text; empty becomes a space', () => {
    const dataOf = (Data: unknown) => decodeText(draft({ Data, Tags: [] }).data)
    expect([dataOf(undefined), dataOf(''), dataOf('ä')]).toEqual([' ', ' ', 'ä'])
    expect(() => dataOf(5)).toThrow(/must be text/)
  })
})

describe('spawns', () => {
  it('keep their own scheduler and the mainnet variant, else inherit', () => {
    const named = spawnDraft({ Tags: tags({ Scheduler: 's', Variant: 'ao.N.1' }) }, origin, 'd')
    expect(named.tags?.filter((tag) => tag.name === 'Scheduler')).toEqual(tags({ Scheduler: 's' }))
    expect(tagValue(named.tags ?? [], 'Variant')).toBe('ao.N.1')
    const bare = spawnDraft({ Tags: tags({ Variant: 'ao.TN.9', 'Delivery-Id': 'x' }) }, origin, 'd')
    expect(tagValue(bare.tags ?? [], 'Scheduler')).toBe('scheduler')
    expect(tagValue(bare.tags ?? [], 'Variant')).toBe('ao.TN.1')
    expect(bare.tags?.filter((tag) => tag.name === 'Delivery-Id')).toEqual(
      tags({ 'Delivery-Id': 'd' }),
    )
  })
})

describe('letters', () => {
  it('of an assignment to more processes than a result may emit are one that says so', () => {
    const assignment = { Processes: new Array(300_000).fill('a'), Message: id }
    const [one, ...more] = lettersOf('p', 0, 4, {
      Messages: [],
      Spawns: [],
      Assignments: [assignment],
    })
    expect(more).toEqual([])
    expect(one).toMatchObject({ defect: expect.stringContaining('names 300000 processes; 10000') })
    const message = { Tags: [{ name: 'Assignments', value: 'a,'.repeat(300_000) }] }
    const letter = { processId: 'p', epoch: 0, slot: 4, index: 0, part: 0, target: id } as const
    expect(tagAssignments({ ...letter, kind: 'message' }, message, id)).toMatchObject([
      { part: 1, defect: expect.stringContaining('names 300000 processes') },
    ])
  })

  it('are as many as an assignment names, however many', () => {
    const assignment = { Processes: new Array(10_000).fill(id), Message: id }
    const Assignments = new Array(20).fill(assignment)
    const letters = lettersOf('p', 0, 4, { Messages: [], Spawns: [], Assignments })
    expect(letters).toHaveLength(200_000)
  })

  it('number Messages, Spawns and Assignments one after another', () => {
    const message = { Target: id, Anchor: '', Tags: [] }
    const spawn = { Anchor: '', Tags: [] }
    const assignment = { Processes: [id, id], Message: id, Exclude: ['Data'], BaseLayer: true }
    const result = { Messages: [message, message], Spawns: [spawn], Assignments: [assignment] }
    const letters = lettersOf('p', 0, 4, result)
    expect(letters.map(({ kind, index, part }) => [kind, index, part])).toEqual([
      ['message', 0, 0],
      ['message', 1, 0],
      ['spawn', 2, 0],
      ['assign', 3, 0],
      ['assign', 3, 1],
    ])
    expect(letters[3]?.assign).toEqual({ baseLayer: true, exclude: ['Data'] })
    expect(outgoingAt(result, 2)).toBe(spawn)
  })

  it('come out of anything a guest may have written', () => {
    const guests = [undefined, null, 5, 'x', {}, { Messages: 'x' }]
    for (const guest of guests) {
      expect(lettersOf('p', 0, 1, (guest ?? {}) as never)).toEqual([])
    }
    const odd = [null, 5, [], { Target: {} }, { Target: 'short' }, { Target: 'x'.repeat(1e5) }]
    const result = { Messages: odd, Spawns: [], Assignments: odd } as never
    const letters = lettersOf('p', 0, 1, result)
    expect(letters).toHaveLength(12)
    for (const letter of letters) {
      expect(letter.defect).toBeTypeOf('string')
      expect(letter.target.length).toBeLessThan(100)
    }
  })
})
