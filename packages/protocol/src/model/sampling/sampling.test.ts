import { decodeText, encodeText } from '@heddle/protocol/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exp, ln } from '../functions.ts'
import { philox, uniformAt } from './counter.ts'
import { likeliest, sampleToken } from './sample.ts'
import { createStopMatcher } from './stops.ts'

describe('chance', () => {
  it('is Philox4x32-10 (known answers of Random123)', () => {
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
    const ones = 0xffffffff
    expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ])
    const counter = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const
    expect(philox(counter, [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ])
  })

  it('differs by seed and step, also beyond 32 bits', () => {
    const values = [uniformAt(1, 0), uniformAt(1, 1), uniformAt(2, 0), uniformAt(1 + 2 ** 32, 0)]
    expect(new Set(values).size).toBe(4)
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
  })
})

describe('own functions', () => {
  it('are within a few units of the last place of the true ones', () => {
    fc.assert(
      fc.property(fc.double({ min: -64, max: 64, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-15)
      }),
    )
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e12, noNaN: true }), (x) => {
        expect(Math.abs(ln(x) - Math.log(x))).toBeLessThan(1e-14)
      }),
    )
  })
})

describe('a token', () => {
  const logits = Float32Array.of(1, 3, 3, -2, 2.5)

  it('is the first of the likeliest without temperature', () => {
    expect(likeliest(logits)).toBe(1)
    expect(sampleToken(logits, { temperature: 0, topP: 1, seed: 9 }, 4)).toBe(1)
  })

  it('comes as often as its share says', () => {
    const counts = [0, 0, 0, 0, 0]
    const draws = 20_000
    for (let step = 0; step < draws; step++) {
      const token = sampleToken(logits, { temperature: 1, topP: 1, seed: 3 }, step)
      counts[token] = (counts[token] ?? 0) + 1
    }
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
    counts.forEach((count, token) => {
      const share = Math.exp(logits[token] ?? 0) / total
      expect(Math.abs(count / draws - share)).toBeLessThan(0.012)
    })
  })

  it('is one of the fewest that reach top-p', () => {
    const drawn = new Set<number>()
    for (let step = 0; step < 500; step++) {
      drawn.add(sampleToken(logits, { temperature: 1, topP: 0.5, seed: 3 }, step))
    }
    // 3 and 3 have 0.36 each: the first alone is not half of all.
    expect([...drawn].sort()).toEqual([1, 2])
    const narrow = { temperature: 1, topP: 0.01, seed: 3 }
    expect(sampleToken(logits, narrow, 77)).toBe(1)
  })
})

describe('stop texts', () => {
  it('cut a text at the first of them, however it comes in pieces', () => {
    const unit = fc.constantFrom('a', 'b', 'c')
    const word = fc.array(unit, { maxLength: 12 }).map((parts) => parts.join(''))
    const stop = fc.array(unit, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(word), fc.array(stop, { maxLength: 3 }), (pieces, stops) => {
        const matcher = createStopMatcher(stops)
        let shown = ''
        let stopped = false
        for (const piece of pieces) {
          const part = matcher.push(encodeText(piece))
          shown += decodeText(part.shown)
          stopped = part.stopped
          if (stopped) break
        }
        if (!stopped) shown += decodeText(matcher.rest())
        const whole = pieces.join('')
        const ends = stops.map((text) => whole.indexOf(text)).filter((at) => at >= 0)
        expect(stopped).toBe(ends.length > 0)
        if (!stopped) expect(shown).toBe(whole)
        else
          expect(whole.startsWith(shown) && stops.some((s) => whole.startsWith(shown + s))).toBe(
            true,
          )
      }),
    )
  })
})
