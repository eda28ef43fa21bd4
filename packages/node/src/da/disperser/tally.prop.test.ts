import { drawAssignment } from '@heddle/protocol/certificate'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeStorers } from '../testing/published-blob.ts'
import { judge, newTally, noteFailure, noteSignature, reportOf } from './tally.ts'

const { set } = makeStorers(10)
const assignment = drawAssignment(set, new Uint8Array(32).fill(5), { k: 16, n: 48 })
const signature = new Uint8Array(96)

it('a tally is enough at the rows a certificate needs, and impossible when they cannot come', () => {
  const events = fc.shuffledSubarray(assignment.members.map((_, place) => place))
  fc.assert(
    fc.property(events, fc.array(fc.constantFrom('sign', 'fail', 'lie')), (places, outcomes) => {
      let tally = newTally(assignment)
      let [signed, lost] = [0, 0]
      for (const [i, place] of places.entries()) {
        const rows = assignment.members[place]?.rows.length ?? 0
        const outcome = outcomes[i] ?? 'sign'
        if (outcome === 'sign') tally = noteSignature(tally, place, signature)
        else
          tally = noteFailure(noteSignature(tally, place, signature), place, 'x', outcome === 'lie')
        if (outcome === 'sign') signed += rows
        else lost += rows
        const expected = signed >= 30 ? 'enough' : 48 - lost < 30 ? 'impossible' : 'wait'
        expect(judge(tally)).toBe(expected)
        const state = { sign: 'signed', fail: 'failed', lie: 'lied' }[outcome]
        expect(reportOf(tally)[place]).toMatchObject({ state, rows })
      }
    }),
    { numRuns: 100 },
  )
})
