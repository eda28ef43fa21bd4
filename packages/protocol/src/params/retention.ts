import { HeddleError } from '../base/index.ts'

/** How long, in how many copies, where, and under how much stake something is kept. */
export type Retention = {
  /** Milliseconds since 1970; absent: for ever. */
  readonly untilMs?: number
  readonly copies: number
  /** Labels every holder must carry (`region:eu`, `disk:ssd`); empty: anywhere. */
  readonly placement: readonly string[]
  /** Winston each holder must have at stake. */
  readonly minimumStake: bigint
}

type Tag = { readonly name: string; readonly value: string }

/** What retention tags may say. */
export const retentionLimits = {
  copies: 64,
  placementLabels: 16,
  labelCharacters: 64,
  /** 10,000 years, so that dates stay exact and printable. */
  untilMs: 253_402_300_799_999,
  stakeDigits: 26,
} as const

/** Names of the tags that carry a retention. `Retain-Placement` may be repeated. */
export const retentionTags = {
  until: 'Retain-Until',
  copies: 'Retain-Copies',
  placement: 'Retain-Placement',
  minimumStake: 'Retain-Minimum-Stake',
} as const

/** For ever, one copy, anywhere: what is meant where tags say nothing. */
export const permanentRetention: Retention = { copies: 1, placement: [], minimumStake: 0n }

/** A retention tag that does not say what it should. */
function retentionInvalid(name: string, what: string): HeddleError {
  return new HeddleError('retention-invalid', 'invalid', `tag ${name} must be ${what}.`, { name })
}

/**
 * Reads the retention off an item's or transaction's tags. Of a repeated tag the first counts, but for
 * placement. Throws `retention-invalid`: a promise that is not understood must not be taken.
 */
export function parseRetention(tags: readonly Tag[]): Retention {
  const until = wholeNumber(tags, retentionTags.until, 0, retentionLimits.untilMs)
  const placement = tags.filter(({ name }) => name === retentionTags.placement)
  const { placementLabels, copies } = retentionLimits
  if (
    placement.length > placementLabels ||
    placement.some(({ value }) => !isPlacementLabel(value))
  ) {
    const form = `at most ${placementLabels} labels such as region:eu`
    throw retentionInvalid(retentionTags.placement, form)
  }
  return {
    ...(until === undefined ? {} : { untilMs: until }),
    copies: wholeNumber(tags, retentionTags.copies, 1, copies) ?? permanentRetention.copies,
    placement: [...new Set(placement.map(({ value }) => value))],
    minimumStake: parseStake(tags),
  }
}

/** The tags that `parseRetention` reads back; defaults are left out. */
export function tagsOfRetention(retention: Retention): Tag[] {
  const { untilMs, copies, placement, minimumStake } = retention
  const tags: Tag[] = []
  if (untilMs !== undefined) tags.push({ name: retentionTags.until, value: String(untilMs) })
  if (copies !== 1) tags.push({ name: retentionTags.copies, value: String(copies) })
  for (const value of placement) tags.push({ name: retentionTags.placement, value })
  if (minimumStake > 0n) {
    tags.push({ name: retentionTags.minimumStake, value: String(minimumStake) })
  }
  return tags
}

/** Tells whether a text is a label of a place, such as `region:eu`. */
export function isPlacementLabel(text: string): boolean {
  return text.length <= retentionLimits.labelCharacters && /^[a-z0-9][a-z0-9:._-]*$/.test(text)
}

/** Tells whether one holder that takes what it is given keeps all that is asked for: nobody else must help. */
export function isLocalRetention({ copies, placement, minimumStake }: Retention): boolean {
  return copies === 1 && placement.length === 0 && minimumStake === 0n
}

/** Tells whether the promise still binds at a time. */
export function isRetained({ untilMs }: Pick<Retention, 'untilMs'>, nowMs: number): boolean {
  return untilMs === undefined || untilMs > nowMs
}

function wholeNumber(
  tags: readonly Tag[],
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = tags.find((tag) => tag.name === name)?.value
  if (text === undefined) return undefined
  const number = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw retentionInvalid(name, `a whole number from ${least} to ${most} as digits`)
}

function parseStake(tags: readonly Tag[]): bigint {
  const name = retentionTags.minimumStake
  const text = tags.find((tag) => tag.name === name)?.value
  if (text === undefined) return 0n
  const isAmount = text.length <= retentionLimits.stakeDigits && /^(0|[1-9]\d*)$/.test(text)
  if (!isAmount) throw retentionInvalid(name, 'a whole number of winston as digits')
  return BigInt(text)
}
