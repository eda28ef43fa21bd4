import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, decodeBase64Url, encodeBase64Url, encodeText } from '../base/index.ts'
import {
  type BlsEngine,
  type BlsSigner,
  blsKeyBytes,
  blsSignatureBytes,
  provePossession,
  registrationMessage,
  type StorerEntry,
  verifyPossession,
} from '../certificate/index.ts'
import { ed25519Type, type Item, type ItemDraft, tagValue, tagValues } from '../item/index.ts'
import { isPlacementLabel, retentionLimits } from '../params/index.ts'
import { registrationInvalid } from './errors.ts'

/** Names of the tags. `Storer-Placement` may be repeated. */
const names = {
  protocol: 'Data-Protocol',
  type: 'Type',
  key: 'Storer-Key',
  host: 'Storer-Host',
  port: 'Storer-Port',
  placement: 'Storer-Placement',
  proof: 'Storer-Proof',
  consent: 'Storer-Consent',
  stake: 'Storer-Stake',
} as const

export const registryProtocol = 'heddle'
export const registryTypes = { storer: 'Storer-Registration', stake: 'Storer-Stake' } as const

/** Where a storer's lane listens, and labels such as `region:eu` of where its disk is. */
export type StorerPlace = {
  readonly host: string
  readonly port: number
  readonly placement: readonly string[]
}

/** A storer as it registered itself; its stake is another's word. */
export type RegisteredStorer = Omit<StorerEntry, 'stake'> & StorerPlace

const hostForm = /^[a-zA-Z0-9._:-]{1,253}$/

/**
 * The item by which a storer registers, to be signed with its lane's key (Ed25519) and posted like any
 * item. The storer's BLS key consents to that lane key and place, so nobody else can register it. Throws
 * `storer-registration`.
 */
export function storerRegistrationDraft(
  signer: BlsSigner,
  laneKey: Uint8Array,
  place: StorerPlace,
): ItemDraft {
  if (!isPlace(place)) throw registrationInvalid('a host, a port and up to 16 labels register')
  const consent = signer.sign(registrationMessage(signer.key, laneKey, placeDigest(place)))
  const tags = [
    [names.protocol, registryProtocol],
    [names.type, registryTypes.storer],
    [names.key, encodeBase64Url(signer.key)],
    [names.host, place.host],
    [names.port, String(place.port)],
    ...place.placement.map((label) => [names.placement, label] as const),
    [names.proof, encodeBase64Url(provePossession(signer))],
    [names.consent, encodeBase64Url(consent)],
  ] as const
  return { data: new Uint8Array(0), tags: tags.map(([name, value]) => ({ name, value })) }
}

/**
 * The registration an item holds, undefined where it holds none that is sound. That the item's own
 * signature holds is for the caller to have checked.
 */
export function readStorerRegistration(bls: BlsEngine, item: Item): RegisteredStorer | undefined {
  const { tags, owner: laneKey, signatureType } = item
  const isOne =
    signatureType === ed25519Type &&
    tagValue(tags, names.protocol) === registryProtocol &&
    tagValue(tags, names.type) === registryTypes.storer
  const key = bytesOf(tagValue(tags, names.key), blsKeyBytes)
  const proof = bytesOf(tagValue(tags, names.proof), blsSignatureBytes)
  const consent = bytesOf(tagValue(tags, names.consent), blsSignatureBytes)
  const port = tagValue(tags, names.port) ?? ''
  const place = {
    host: tagValue(tags, names.host) ?? '',
    port: /^[1-9]\d{0,4}$/.test(port) ? Number(port) : 0,
    placement: tagValues(tags, names.placement),
  }
  if (!isOne || key === undefined || proof === undefined || consent === undefined) return undefined
  if (!isPlace(place) || !bls.isKey(key) || !verifyPossession(bls, key, proof)) return undefined
  const message = registrationMessage(key, laneKey, placeDigest(place))
  if (!bls.verifyAggregate([key], message, consent)) return undefined
  return { key, proof, laneKey, ...place }
}

/** The item by which the network's authority gives a storer its stake; 0 takes it out. */
export function storerStakeDraft(key: Uint8Array, stake: bigint): ItemDraft {
  if (key.length !== blsKeyBytes || stake < 0n || stake >= 1n << 64n) {
    throw registrationInvalid('a storer has a key of 48 bytes and a stake below 2^64')
  }
  const tags = [
    [names.protocol, registryProtocol],
    [names.type, registryTypes.stake],
    [names.key, encodeBase64Url(key)],
    [names.stake, String(stake)],
  ] as const
  return { data: new Uint8Array(0), tags: tags.map(([name, value]) => ({ name, value })) }
}

export type StorerStake = { readonly key: Uint8Array; readonly stake: bigint }

/** The stake an item gives, undefined where it gives none. Whether its signer may is for the caller. */
export function readStorerStake({ tags }: Item): StorerStake | undefined {
  const isOne =
    tagValue(tags, names.protocol) === registryProtocol &&
    tagValue(tags, names.type) === registryTypes.stake
  const key = bytesOf(tagValue(tags, names.key), blsKeyBytes)
  const text = tagValue(tags, names.stake) ?? ''
  if (!isOne || key === undefined || !/^(0|[1-9]\d{0,19})$/.test(text)) return undefined
  const stake = BigInt(text)
  return stake < 1n << 64n ? { key, stake } : undefined
}

function isPlace({ host, port, placement }: StorerPlace): boolean {
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65535
  const arePlaces =
    placement.length <= retentionLimits.placementLabels && placement.every(isPlacementLabel)
  return hostForm.test(host) && isPort && arePlaces
}

/** No part can hold a line break, so that one text has one meaning. */
function placeDigest({ host, port, placement }: StorerPlace): Uint8Array {
  return sha256(encodeText([host, String(port), ...placement].join('\n')))
}

function bytesOf(text: string | undefined, length: number): Uint8Array | undefined {
  if (text === undefined || text.length > 2 * length) return undefined
  const bytes = decodeBase64Url(text)
  return bytes?.length === length ? concatBytes([bytes]) : undefined
}
