import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { decodeBase64Url, encodeBase64Url } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import {
  canonicalJson,
  digestPages,
  digestResult,
  PageTree,
  pageBytes,
  resultChainNext,
  resultChainStart,
  stateRoot,
} from './index.ts'

type Vectors = {
  readonly results: readonly {
    readonly name: string
    readonly result: unknown
    readonly canonical: string
    readonly digest: string
  }[]
  readonly chain: {
    readonly process: string
    readonly start: string
    readonly links: readonly Readonly<
      Record<'assignmentId' | 'resultDigest' | 'resultChain', string>
    >[]
  }
  readonly states: readonly {
    readonly name: string
    readonly memoryBytes: number
    readonly pages: readonly {
      readonly page: number
      readonly fill: number | null
      readonly bytes: readonly (readonly [number, number])[] | null
    }[]
    readonly hostState: string
    readonly pageRoot: string
    readonly stateRoot: string
  }[]
}

// Made from the text of spec/06-digests.md with another implementation (Python, hashlib and json).
const path = new URL('../../../../spec/vectors/digests.json', import.meta.url)
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors

function decode(text: string): Uint8Array {
  const bytes = decodeBase64Url(text)
  if (bytes === undefined) throw new Error(`not base64url: ${text}`)
  return bytes
}

describe('spec/vectors/digests.json', () => {
  test.each(vectors.results)('result: $name', ({ result, canonical, digest }) => {
    expect(canonicalJson(result)).toBe(canonical)
    expect(encodeBase64Url(digestResult(result, engine))).toBe(digest)
  })

  it('has the chain', () => {
    const { process, start, links } = vectors.chain
    let chain = resultChainStart(process, engine)
    expect(encodeBase64Url(chain)).toBe(start)
    for (const { assignmentId, resultDigest, resultChain } of links) {
      const link = { assignmentId, resultDigest: decode(resultDigest) }
      chain = resultChainNext(chain, link, engine)
      expect(encodeBase64Url(chain)).toBe(resultChain)
    }
  })

  test.each(vectors.states)('state: $name', (vector) => {
    const tree = new PageTree(engine)
    for (const { page, fill, bytes } of vector.pages) {
      const content = new Uint8Array(pageBytes).fill(fill ?? 0)
      for (const [at, value] of bytes ?? []) content[at] = value
      const isZero = content.every((byte) => byte === 0)
      tree.set(page, isZero ? undefined : digestPages(content, engine))
    }
    expect(encodeBase64Url(tree.root())).toBe(vector.pageRoot)
    const hostState = Uint8Array.from(Buffer.from(vector.hostState, 'hex'))
    const state = { memoryBytes: vector.memoryBytes, hostState }
    expect(encodeBase64Url(stateRoot(state, tree.root(), engine))).toBe(vector.stateRoot)
  })
})
