import { HeddleError } from '@heddle/protocol/base'

/** The payload is larger than a block may carry. */
export function payloadTooLarge(payloadBytes: number, limitBytes: number): HeddleError {
  const message =
    `a payload of ${payloadBytes} bytes is too large: the limit is ${limitBytes}. ` +
    'Order a digest and keep the bytes elsewhere.'
  return new HeddleError('payload-too-large', 'invalid', message, { payloadBytes, limitBytes })
}

/** More payloads wait than the engine holds in memory. */
export function consensusBusy(pendingBytes: number, limitBytes: number): HeddleError {
  const message = `${pendingBytes} bytes of payloads wait (limit ${limitBytes}): retry later.`
  return new HeddleError('consensus-busy', 'exhausted', message, { pendingBytes, limitBytes })
}

/** The engine was closed. */
export function consensusClosed(): HeddleError {
  return new HeddleError('consensus-closed', 'unavailable', 'the engine is closed: open it again.')
}

/** A block of the chain is damaged, or does not follow from the one before. */
export function chainCorrupt(height: number, what: string): HeddleError {
  const message = `block ${height} is damaged: ${what}. Restore the journal from a copy.`
  return new HeddleError('chain-corrupt', 'internal', message, { height })
}

/** The log holds the chain of another network. */
export function networkDiffers(networkId: string, found: string): HeddleError {
  const message =
    `the data here belongs to another network: its genesis is ${found}, ` +
    `not that of ${networkId}. Use its own data directory for each network.`
  return new HeddleError('network-differs', 'conflict', message, { networkId, found })
}

/** The options contradict each other or leave their bounds. */
export function consensusOptionsInvalid(what: string): HeddleError {
  return new HeddleError('consensus-options-invalid', 'invalid', `consensus options: ${what}.`)
}
