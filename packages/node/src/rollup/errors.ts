import { HeddleError } from '@heddle/protocol/base'

/** A request does not say what it must. */
export function requestInvalid(what: string): HeddleError {
  return new HeddleError('rollup-request-invalid', 'invalid', `${what}.`)
}

/** The route changes what the node hosts, so it is for the machine the node runs on. */
export function loopbackOnly(): HeddleError {
  const text = 'recovery is asked for on the node’s own machine alone: ask from there.'
  return new HeddleError('rollup-loopback-only', 'denied', text)
}

/** Nothing to recover: the log is here, and this node writes it. */
export function logHosted(processId: string): HeddleError {
  const text = `process ${processId} is scheduled here and goes on here: there is nothing to recover.`
  return new HeddleError('log-hosted', 'conflict', text, { processId })
}

/** No source has a rollup of the process. */
export function rollupMissing(processId: string, sources: readonly string[]): HeddleError {
  const asked = sources.join(', ') || 'nobody'
  const text = `no rollup of process ${processId}: asked ${asked}. Name another node with --from.`
  return new HeddleError('rollup-missing', 'missing', text, { processId, sources })
}

/** Several keys say that they schedule the process, and nothing tells which is meant. */
export function schedulerAmbiguous(processId: string, addresses: readonly string[]): HeddleError {
  const text =
    `${addresses.length} keys rolled up process ${processId}: ${addresses.join(', ')}. ` +
    'Say which one schedules it: --scheduler ADDRESS.'
  return new HeddleError('scheduler-ambiguous', 'conflict', text, { processId, addresses })
}

/** A bundle is no rollup, or does not verify; nothing of it was taken. */
export function rollupInvalid(processId: string, what: string, cause?: unknown): HeddleError {
  const text = `a rollup of ${processId} is refused: ${what}. Recover from another node.`
  return new HeddleError('rollup-invalid', 'invalid', text, { processId }, { cause })
}

/** A recovery of this process is under way. */
export function recoveryRunning(processId: string): HeddleError {
  const text = `process ${processId} is being recovered: wait for the end, or ask how far it is.`
  return new HeddleError('recovery-running', 'conflict', text, { processId })
}

/** Nobody asked for a recovery of this process since the start. */
export function recoveryUnknown(processId: string): HeddleError {
  const text = `no recovery of ${processId}: begin one (heddle store recover ${processId}).`
  return new HeddleError('recovery-unknown', 'missing', text, { processId })
}

/** A source cannot be asked, or does not answer what a gateway answers. */
export function sourceFailed(url: string, what: string, cause?: unknown): HeddleError {
  const text = `${url}: ${what}. Try again, or name another node with --from.`
  return new HeddleError('rollup-source-failed', 'unavailable', text, { url }, { cause })
}

/** The node is closing. */
export function rollupClosed(): HeddleError {
  return new HeddleError('rollup-closed', 'unavailable', 'the node is closing: start it again.')
}
