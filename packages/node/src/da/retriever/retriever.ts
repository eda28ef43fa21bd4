import { encodeBase64Url } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateCommitment,
  type RowSegment,
} from '@heddle/protocol/certificate'
import { createBudget } from '../../network/index.ts'
import type { SentRow } from '../wire/put-rows.ts'
import { createHealth, type StorerFault } from './health.ts'
import { type OpenBlob, openBlob } from './open-blob.ts'
import { type RetrieverOptions, retrieverDefaults } from './options.ts'
import type { RetrieverDeps } from './ports.ts'
import { gatherRange, readRange } from './read.ts'
import { rebuildRows } from './rebuild.ts'

export type ReadOptions = {
  readonly fromByte?: number
  /** Excluded; the end of the blob unless told. */
  readonly toByte?: number
  readonly signal?: AbortSignal
  /** Hears of every storer that failed, as it does. */
  readonly onFault?: (fault: StorerFault) => void
}

/** Reads certified blobs back from their storers; believes nobody. */
export type Retriever = {
  /** Checks certificate and header; rejects as `openBlob` says. Opened blobs are remembered. */
  open(
    certificate: Certificate,
    options?: Pick<ReadOptions, 'signal' | 'onFault'>,
  ): Promise<OpenBlob>
  /** Bytes as they come; throws `da-rows-missing` where too few rows are to be had, `da-reads-busy`. */
  read(certificate: Certificate, options?: ReadOptions): AsyncGenerator<Uint8Array>
  /**
   * The rows that a range of bytes needs, with what proves them, for readers that check and decode
   * themselves: for each segment all data rows touched, or any k. Their memory is used again once the
   * next is asked for.
   */
  prove(certificate: Certificate, options?: ReadOptions): AsyncGenerator<RowSegment>
  /** Rows made again from those of others; `except` is the storer that lost them. */
  rebuild(
    certificate: Certificate,
    rows: readonly number[],
    options?: Pick<ReadOptions, 'signal' | 'onFault'> & { readonly except?: Uint8Array },
  ): Promise<SentRow[]>
}

const never = new AbortController().signal
const ignore = () => {}

export function createRetriever(
  deps: RetrieverDeps,
  given: Partial<RetrieverOptions> = {},
): Retriever {
  const options = { ...retrieverDefaults, ...given }
  const health = createHealth(deps.clock, options)
  const opened = new Map<string, OpenBlob>()
  const memory = createBudget(options.heldBytesMax)
  const open: Retriever['open'] = async (
    certificate,
    { signal = never, onFault = ignore } = {},
  ) => {
    const { epoch, expiresAtSeconds, signers } = certificate
    const commitment = encodeBase64Url(certificateCommitment(certificate))
    // A certificate is checked anew where any of it differs.
    const signature = encodeBase64Url(certificate.signature)
    const name = [commitment, epoch, expiresAtSeconds, signers.join(), signature].join(' ')
    const known = opened.get(name)
    if (known !== undefined) return known
    const blob = await openBlob(deps, health, options, certificate, onFault, signal)
    opened.set(name, blob)
    const oldest = opened.keys().next().value
    if (opened.size > options.openBlobsMax && oldest !== undefined) opened.delete(oldest)
    return blob
  }
  const input = async (certificate: Certificate, more: ReadOptions) => {
    const { signal = never, onFault = ignore } = more
    const blob = await open(certificate, { signal, onFault })
    return { deps, health, options, blob, signal, onFault }
  }
  return {
    open,
    async *read(certificate, more = {}) {
      const { lengthBytes } = certificate.parameters
      const { fromByte = 0, toByte = lengthBytes } = more
      yield* readRange({ ...(await input(certificate, more)), memory, fromByte, toByte })
    },
    async *prove(certificate, more = {}) {
      const { lengthBytes } = certificate.parameters
      const { fromByte = 0, toByte = lengthBytes } = more
      const range = { ...(await input(certificate, more)), memory, fromByte, toByte }
      for await (const { gathered } of gatherRange(range)) yield* gathered.proven
    },
    async rebuild(certificate, rows, { except, ...more } = {}) {
      const own = except === undefined ? {} : { except }
      return rebuildRows({ ...(await input(certificate, more)), ...own, rows })
    },
  }
}
