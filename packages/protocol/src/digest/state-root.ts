import { assert, equalBytes } from '../base/index.ts'
import { digestBytes, labelledHash, labels, type Sha256, u64 } from './labels.ts'
import { type PageDigests, PageTree, pageBytes } from './page-tree.ts'

const wasmPageBytes = 65_536

/** All of a process's state, as its digests. */
export type StateDigests = PageDigests & {
  /** Length of the linear memory; a multiple of 64 KiB. */
  readonly memoryBytes: number
  /** State outside linear memory, in the form its module format states (spec/06-digests.md §4). */
  readonly hostState: Uint8Array
}

/** sha256(label ‖ memory length u64 ‖ page root ‖ host state length u64 ‖ host state). */
export function stateRoot(
  state: Pick<StateDigests, 'memoryBytes' | 'hostState'>,
  pageRoot: Uint8Array,
  engine: Sha256,
): Uint8Array {
  const { memoryBytes, hostState } = state
  assert(memoryBytes % wasmPageBytes === 0, 'a memory is whole pages of 64 KiB')
  const parts = [u64(memoryBytes), pageRoot, u64(hostState.length), hostState]
  return labelledHash(engine, labels.state, parts)
}

/** State root over pages whose digests are known. */
export function stateRootOf(state: StateDigests, engine: Sha256): Uint8Array {
  return stateRoot(state, PageTree.of(state, engine).root(), engine)
}

/**
 * Digests of pages laid out one after another. A page's digest is plain sha256 of its 4,096 bytes:
 * the name it is stored under.
 */
export function digestPages(pages: Uint8Array, engine: Sha256): Uint8Array {
  assert(pages.length % pageBytes === 0, 'pages are whole')
  const count = pages.length / pageBytes
  const digests = new Uint8Array(count * digestBytes)
  for (let i = 0; i < count; i++) {
    const page = pages.subarray(i * pageBytes, (i + 1) * pageBytes)
    digests.set(engine.sha256(page), i * digestBytes)
  }
  return digests
}

/** The page number at which two states differ first; undefined where their pages are the same. */
export function firstDifferentPage(a: PageDigests, b: PageDigests): number | undefined {
  let i = 0
  let j = 0
  while (i < a.indexes.length || j < b.indexes.length) {
    const left = a.indexes[i] ?? Number.POSITIVE_INFINITY
    const right = b.indexes[j] ?? Number.POSITIVE_INFINITY
    if (left !== right) return Math.min(left, right)
    if (!equalBytes(digestAt(a, i), digestAt(b, j))) return left
    i++
    j++
  }
  return undefined
}

function digestAt({ digests }: PageDigests, i: number): Uint8Array {
  return digests.subarray(i * digestBytes, (i + 1) * digestBytes)
}
