import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import {
  type Assignment,
  type Certificate,
  type CommitmentEngine,
  type OpenCommitment,
  openCommitment,
  verifyCertificate,
} from '@heddle/protocol/certificate'
import { decodeHeaderReply, encodeGetHeader, zBytes } from '../wire/header.ts'
import { requestKinds } from '../wire/kinds.ts'
import { hashUnknown, headerMissing, setUnknown } from './errors.ts'
import { faultOf, type Health, type StorerFault } from './health.ts'
import type { RetrieverOptions } from './options.ts'
import type { RetrieverDeps } from './ports.ts'

/** A certified blob whose fingerprints are here, so that rows can be checked as they come. */
export type OpenBlob = {
  readonly certificate: Certificate
  readonly commitment: Uint8Array
  readonly assignment: Assignment
  readonly engine: CommitmentEngine
  readonly open: OpenCommitment
  /** Every row's holder: its key, and whether it signed. */
  readonly holders: readonly Holder[]
}

export type Holder = { readonly row: number; readonly key: Uint8Array; readonly hasSigned: boolean }

/**
 * Checks the certificate against its storer set, then asks its signers for the fingerprints until one
 * gives those of the commitment. Rejects with `certificate`, `da-set-unknown`, `da-hash-unknown`,
 * `da-header-missing`.
 */
export async function openBlob(
  deps: RetrieverDeps,
  health: Health,
  options: RetrieverOptions,
  certificate: Certificate,
  onFault: (fault: StorerFault) => void,
  signal: AbortSignal,
): Promise<OpenBlob> {
  const set = deps.storerSet(certificate.epoch)
  if (set === undefined) throw setUnknown(certificate.epoch)
  const { commitment, assignment } = verifyCertificate(deps.bls, set, certificate)
  const { hashId } = certificate.parameters
  const engine = deps.engineFor(hashId)
  if (engine === undefined) throw hashUnknown(hashId)
  const signers = new Set(certificate.signers)
  const holders = assignment.members.flatMap(({ key, rows }, place) =>
    rows.map((row) => ({ row, key, hasSigned: signers.has(place) })),
  )
  const keys = [...signers]
    .map((place) => assignment.members[place]?.key)
    .filter((key) => key !== undefined)
    .sort((a, b) => Number(health.isSuspect(a)) - Number(health.isSuspect(b)))
  const ask = (key: Uint8Array, stop: AbortSignal) =>
    askHeader(deps, engine, certificate, commitment, key, stop)
  const open = await firstHeader(deps, health, options, keys, ask, onFault, signal)
  if (open.value === undefined) throw headerMissing(encodeBase64Url(commitment), open.faults)
  const byRow = holders.sort((a, b) => a.row - b.row)
  return { certificate, commitment, assignment, engine, open: open.value, holders: byRow }
}

async function askHeader(
  { lane }: RetrieverDeps,
  engine: CommitmentEngine,
  { parameters, root }: Certificate,
  commitment: Uint8Array,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<OpenCommitment | undefined> {
  const meta = encodeGetHeader(commitment)
  const bytes = zBytes(parameters)
  const reply = await lane.call(key, requestKinds.getHeader, meta, [], signal, bytes)
  const { committed } = decodeHeaderReply(reply.meta, reply.body).header
  if (!equalBytes(committed.commitment, commitment)) return undefined
  // Ours are those of the certificate; only the fingerprints are the storer's word, and hashed.
  return openCommitment(engine, { ...committed, parameters, root })
}

type Ask = (key: Uint8Array, signal: AbortSignal) => Promise<OpenCommitment | undefined>

/** Asks one after another, the next as soon as one failed or was late; the first good answer wins. */
function firstHeader(
  { timer, clock }: RetrieverDeps,
  health: Health,
  { askTimeoutMs }: RetrieverOptions,
  keys: readonly Uint8Array[],
  ask: Ask,
  onFault: (fault: StorerFault) => void,
  signal: AbortSignal,
): Promise<{ readonly value: OpenCommitment | undefined; readonly faults: StorerFault[] }> {
  const faults: StorerFault[] = []
  const stop = new AbortController()
  let next = 0
  let running = 0
  return new Promise((resolve, reject) => {
    const onAbort = () => end(() => reject(signal.reason))
    const disarmAll: (() => void)[] = []
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort)
      for (const disarm of disarmAll) disarm()
      stop.abort(new Error('enough'))
      settle()
    }
    const fail = (key: Uint8Array, fault: StorerFault) => {
      if (stop.signal.aborted) return
      faults.push(fault)
      onFault(fault)
      health.failed(key)
      advance()
    }
    const advance = () => {
      const key = keys[next++]
      if (key === undefined) {
        if (running === 0) end(() => resolve({ value: undefined, faults }))
        return
      }
      running++
      const startMs = clock.elapsedMs()
      disarmAll.push(timer.after(health.hedgeMs(), advance))
      const patience = AbortSignal.any([stop.signal, late(timer, askTimeoutMs, disarmAll)])
      ask(key, patience).then(
        (value) => {
          running--
          if (value === undefined) return fail(key, otherBlob(key))
          health.answered(key, clock.elapsedMs() - startMs)
          end(() => resolve({ value, faults }))
        },
        (error) => {
          running--
          fail(key, faultOf(key, error))
        },
      )
    }
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    advance()
  })
}

function otherBlob(key: Uint8Array): StorerFault {
  return { storer: encodeBase64Url(key), fault: 'wrong', why: 'the header of another blob' }
}

/** A signal that is aborted after some time; disarmed with the others. */
export function late(
  timer: RetrieverDeps['timer'],
  afterMs: number,
  disarmAll: (() => void)[],
): AbortSignal {
  const controller = new AbortController()
  disarmAll.push(timer.after(afterMs, () => controller.abort(new Error('too slow'))))
  return controller.signal
}
