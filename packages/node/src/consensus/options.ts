import { consensusOptionsInvalid } from './errors.ts'

export type SoloOptions = {
  /** Names the network; genesis follows from it. 1 to 255 characters. */
  readonly networkId: string
  /** Timestamp of genesis, part of its id: the same on every node of a network. */
  readonly genesisTimestampMs: number
  /** Largest payload taken. */
  readonly payloadBytes: number
  /** Payloads of one block, with 4 bytes for each. A record of the log must hold it. */
  readonly blockBytes: number
  /** Payloads beyond this much waiting for a block are refused. */
  readonly pendingBytes: number
}

export const soloDefaults: SoloOptions = {
  networkId: 'heddle-local',
  genesisTimestampMs: 1_735_689_600_000, // 2025-01-01T00:00:00Z
  payloadBytes: 1024 * 1024,
  blockBytes: 4 * 1024 * 1024,
  pendingBytes: 32 * 1024 * 1024,
}

/** Joins given options with the defaults and checks their bounds and relations. */
export function soloOptions(given: Partial<SoloOptions>): SoloOptions {
  const options = { ...soloDefaults, ...given }
  const { networkId, genesisTimestampMs, payloadBytes, blockBytes, pendingBytes } = options
  if (networkId.length === 0 || networkId.length > 255) {
    throw consensusOptionsInvalid('networkId must have 1 to 255 characters')
  }
  if (!Number.isSafeInteger(genesisTimestampMs) || genesisTimestampMs < 0) {
    throw consensusOptionsInvalid('genesisTimestampMs must be milliseconds since 1970')
  }
  for (const value of [payloadBytes, blockBytes, pendingBytes]) {
    if (!Number.isInteger(value)) throw consensusOptionsInvalid(`${value} is not a number of bytes`)
  }
  if (payloadBytes < 1 || payloadBytes + 4 > blockBytes || blockBytes > pendingBytes) {
    throw consensusOptionsInvalid('0 < payloadBytes + 4 ≤ blockBytes ≤ pendingBytes must hold')
  }
  return options
}
