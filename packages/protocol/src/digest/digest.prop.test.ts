import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64Url, equalBytes } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import { createItem, portableEd25519Signer, verifyItem } from '../item/index.ts'
import {
  attestationDraft,
  canonicalJson,
  checkpointDraft,
  digestResult,
  firstDifference,
  firstDifferentPage,
  followChain,
  PageTree,
  readAttestation,
  readCheckpointItem,
  resultChainNext,
  resultChainStart,
  resultDepthMax,
  rootFromPage,
  stateRoot,
  stateRootOf,
} from './index.ts'

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })
const id = digest.map(encodeBase64Url)

/** The same value with the members of its objects in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).reverse()
  return Object.fromEntries(fields.map(([name, member]) => [name, reversed(member)]))
}

describe('canonical JSON', () => {
  it('is JSON of the same value, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(reversed(value))).toBe(text)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(text)
      }),
    )
  })

  it('is one text for values that JSON writes alike', () => {
    expect(canonicalJson({ a: undefined, b: -0, c: Number.NaN, d: Number.POSITIVE_INFINITY })).toBe(
      '{"b":0,"c":null,"d":null}',
    )
    expect(canonicalJson(JSON.parse('{"__proto__":1,"10":2,"9":3,"A":4,"a":5,"\\ud800":6}'))).toBe(
      '{"10":2,"9":3,"A":4,"__proto__":1,"a":5,"\\ud800":6}',
    )
    expect(canonicalJson([1e21, 1e-7, 0.1, 123456789012345680000])).toBe(
      '[1e+21,1e-7,0.1,123456789012345680000]',
    )
  })

  it('keeps order where objects of JavaScript have one of their own', () => {
    const name = fc.constantFrom('__proto__', '10', '9', '-1', '01', 'a', 'B', 'toString', '')
    const value = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.nat(9), tie('object'), fc.array(tie('value'))),
      object: fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }),
    }))
    // As text, so that members come in any order and `__proto__` is one.
    const text = (each: unknown): string => {
      if (!Array.isArray(each)) return JSON.stringify(each)
      const isObject = each.every((item) => Array.isArray(item) && typeof item[0] === 'string')
      if (!isObject) return `[${each.map(text)}]`
      return `{${each.map(([key, member]) => `${JSON.stringify(key)}:${text(member)}`)}}`
    }
    const names = (of: unknown): void => {
      if (typeof of !== 'object' || of === null) return
      const written = [...canonicalJson(of).matchAll(/"([^"]*)":/g)].map(([, key]) => key)
      if (!Array.isArray(of) && Object.values(of).every((member) => typeof member !== 'object')) {
        expect(written).toEqual(Object.keys(of).sort())
      }
      for (const member of Object.values(of)) names(member)
    }
    fc.assert(
      fc.property(value.object, (given) => {
        const parsed = JSON.parse(text(given))
        names(parsed)
        expect(canonicalJson(JSON.parse(canonicalJson(parsed)))).toBe(canonicalJson(parsed))
        expect(JSON.parse(canonicalJson(parsed))).toEqual(parsed)
      }),
    )
    const proto = JSON.parse('{"b":{"z":1,"y":2},"__proto__":[{"d":1,"c":2}],"a":3}')
    expect(canonicalJson(proto)).toBe('{"__proto__":[{"c":2,"d":1}],"a":3,"b":{"y":2,"z":1}}')
    const sorted = JSON.parse('{"__proto__":{"d":1,"c":2},"a":3}')
    expect(canonicalJson(sorted)).toBe('{"__proto__":{"c":2,"d":1},"a":3}')
  })

  it('ends before a stack does', () => {
    const nested = (depth: number) => {
      let value: unknown = 1
      for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
      return value
    }
    expect(canonicalJson(nested(resultDepthMax))).toContain('1')
    const tooDeep = expect.objectContaining({ code: 'result-too-deep', kind: 'invalid' })
    expect(() => canonicalJson(nested(resultDepthMax + 1))).toThrow(tooDeep)
    expect(() => canonicalJson(nested(100_000))).toThrow(tooDeep)
  })
})

describe('the first difference', () => {
  it('is found exactly where the canonical texts differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b)
        expect(firstDifference(a, b) === undefined).toBe(same)
        expect(firstDifference(a, reversed(a))).toBeUndefined()
      }),
    )
  })

  it('names the field', () => {
    const a = { Messages: [{ Tags: [{ name: 'A', value: '1' }] }], Output: null }
    const b = { Messages: [{ Tags: [{ name: 'A', value: '2' }] }], Output: null }
    expect(firstDifference(a, b)).toEqual({
      field: 'Result.Messages[0].Tags[0].value',
      claimed: '1',
      found: '2',
    })
    expect(firstDifference({ a: null }, {})).toMatchObject({ field: 'Result.a' })
    expect(firstDifference([1], [1, 2])).toMatchObject({ field: 'Result[1]', found: 2 })
  })
})

describe('the result chain', () => {
  it('is another with any link, order or process changed', () => {
    fc.assert(
      fc.property(id, id, id, digest, digest, (process, first, second, one, two) => {
        const links = [
          { assignmentId: first, resultDigest: one },
          { assignmentId: second, resultDigest: two },
        ]
        const start = resultChainStart(process, engine)
        const chain = followChain(start, links, engine)
        const others = [
          followChain(resultChainStart(first, engine), links, engine),
          followChain(start, links.slice(0, 1), engine),
          followChain(start, [...links].reverse(), engine),
          followChain(start, [...links, ...links.slice(0, 1)], engine),
          resultChainNext(start, { assignmentId: first, resultDigest: two }, engine),
        ]
        for (const other of others) expect(other).not.toEqual(chain)
      }),
      { numRuns: 30 },
    )
  })

  it('covers every part of a result', () => {
    const result = { Messages: [], Spawns: [], Assignments: [], Output: 'a', GasUsed: 1 }
    const whole = digestResult(result, engine)
    for (const change of [{ Error: '' }, { Output: 'b' }, { GasUsed: 2 }, { Spawns: [{}] }]) {
      expect(digestResult({ ...result, ...change }, engine)).not.toEqual(whole)
    }
  })
})

const pages = fc.uniqueArray(fc.tuple(fc.nat(16 ** 6 - 1), digest), {
  maxLength: 30,
  selector: ([page]) => page,
})

describe('the page tree', () => {
  it('has one root for one memory, however it came to be', () => {
    fc.assert(
      fc.property(pages, pages, (final, before) => {
        const fresh = new PageTree(engine)
        for (const [page, each] of final) fresh.set(page, each)
        const changed = new PageTree(engine)
        for (const [page, each] of before) changed.set(page, each)
        changed.root()
        for (const [page] of before) changed.set(page, undefined)
        for (const [page, each] of final) changed.set(page, each)
        expect(changed.root()).toEqual(fresh.root())
        const sorted = [...final].sort(([a], [b]) => a - b)
        const state = {
          memoryBytes: 65_536,
          hostState: new Uint8Array(0),
          indexes: Uint32Array.from(sorted.map(([page]) => page)),
          digests: Uint8Array.from(sorted.flatMap(([, each]) => [...each])),
        }
        expect(stateRootOf(state, engine)).toEqual(stateRoot(state, fresh.root(), engine))
      }),
      { numRuns: 40 },
    )
  })

  it('proves each page, zero ones too, and nothing else', () => {
    fc.assert(
      fc.property(pages, fc.nat(16 ** 6 - 1), digest, fc.nat(), (list, other, wrong, bit) => {
        const tree = new PageTree(engine)
        for (const [page, each] of list) tree.set(page, each)
        const held = new Map(list)
        for (const page of [other, ...list.slice(0, 2).map(([each]) => each)]) {
          const leaf = held.get(page) ?? new Uint8Array(32)
          const path = tree.path(page)
          const leads = (from: Uint8Array, along: Uint8Array, at = page) => {
            const root = rootFromPage(at, from, along, engine)
            return root !== undefined && equalBytes(root, tree.root())
          }
          expect(leads(leaf, path)).toBe(true)
          if (!equalBytes(wrong, leaf)) expect(leads(wrong, path)).toBe(false)
          const bent = path.slice()
          bent[bit % bent.length] = (bent[bit % bent.length] ?? 0) ^ 1
          expect(leads(leaf, bent)).toBe(false)
          expect(leads(leaf, path.subarray(32))).toBe(false)
          expect(rootFromPage(16 ** 6, leaf, path, engine)).toBeUndefined()
        }
      }),
      { numRuns: 30 },
    )
  })

  it('leads to the page where two memories differ first', () => {
    const state = (list: readonly (readonly [number, number])[]) => ({
      indexes: Uint32Array.from(list.map(([page]) => page)),
      digests: Uint8Array.from(list.flatMap(([, fill]) => Array(32).fill(fill))),
    })
    const one = state([
      [1, 1],
      [4, 2],
      [9, 3],
    ])
    expect(firstDifferentPage(one, one)).toBeUndefined()
    expect(firstDifferentPage(one, state([[1, 1]]))).toBe(4)
    expect(
      firstDifferentPage(one, { ...one, digests: one.digests.map((b, i) => (i > 70 ? 0 : b)) }),
    ).toBe(9)
    expect(firstDifferentPage(state([[3, 1]]), one)).toBe(1)
  })
})

describe('statements', () => {
  const signer = portableEd25519Signer(new Uint8Array(32).fill(4))
  const statement = {
    processId: encodeBase64Url(new Uint8Array(32).fill(1)),
    epoch: 2,
    slot: 77,
    resultChain: new Uint8Array(32).fill(3),
  }
  const stateRootBytes = new Uint8Array(32).fill(5)

  it('are read as they were signed', async () => {
    const item = await createItem(attestationDraft(statement), signer, engine)
    expect(await verifyItem(item, engine)).toBe(true)
    expect(readAttestation(item)).toEqual(statement)
    const withRoot = { ...statement, stateRoot: stateRootBytes }
    const second = await createItem(attestationDraft(withRoot), signer, engine)
    expect(readAttestation(second)).toEqual(withRoot)
    const state = { ...withRoot, moduleId: statement.processId }
    const bytes = Uint8Array.of(1, 2, 3)
    const third = await createItem(checkpointDraft(state, bytes), signer, engine)
    expect(readCheckpointItem(third)).toEqual(state)
    expect(third.data).toEqual(bytes)
    const refused = expect.objectContaining({ code: 'attestation-invalid' })
    expect(() => readAttestation(third)).toThrow(refused)
    expect(() => readCheckpointItem(second)).toThrow(refused)
  })

  it('are refused with a tag gone, doubled or changed', async () => {
    const { tags = [], data } = attestationDraft(statement)
    const refused = expect.objectContaining({ code: 'attestation-invalid' })
    for (let i = 0; i < tags.length; i++) {
      const tag = tags[i] ?? { name: '', value: '' }
      const variants = [
        tags.filter((_, at) => at !== i),
        [...tags, tag],
        tags.map((each, at) => (at === i ? { ...each, value: `0${each.value}` } : each)),
      ]
      for (const changed of variants) {
        const item = await createItem({ tags: changed, data }, signer, engine)
        expect(() => readAttestation(item), tag.name).toThrow(refused)
      }
    }
  })
})
