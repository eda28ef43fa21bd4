import { HeddleError } from '../base/index.ts'
import type { Tag } from '../item/index.ts'
import type { PresentedMessage } from './evaluation-message.ts'

/** What a dry-run's message takes over from the newest evaluation where it does not say itself. */
export type DryRunDefaults = {
  readonly processId: string
  readonly timestampMs: number
  readonly blockHeight: number
}

/** Tags of one dry-run message; an item can hold no more than 128. */
const tagsMax = 1024

/** A dry-run was asked for with a body that is no message. */
export function dryRunInvalid(what: string): HeddleError {
  return new HeddleError(
    'dry-run-invalid',
    'invalid',
    `invalid dry-run message: ${what}. Send {"Id","Owner","Target","Anchor","Data","Tags"}.`,
  )
}

/**
 * The message of a dry-run as a module gets it (ao-protocol §4): unsigned, so its `Owner` and a
 * `From-Process` tag are believed; `Read-Only` tells the module. Nothing of it remains, so nothing
 * can
 * be gained by lying. Throws `dry-run-invalid`.
 */
export function dryRunMessage(body: unknown, defaults: DryRunDefaults): PresentedMessage {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw dryRunInvalid('the body must be a JSON object')
  }
  const fields = body as Readonly<Record<string, unknown>>
  const owner = text(fields, 'Owner') ?? ''
  const tags = readTags(fields.Tags)
  const fromProcess = tags.find((tag) => tag.name === 'From-Process')?.value
  const anchor = text(fields, 'Anchor')
  const message: Record<string, unknown> = {
    Id: text(fields, 'Id') ?? '',
    Owner: owner,
    From: fromProcess ?? text(fields, 'From') ?? owner,
    ...(fromProcess === undefined ? {} : { 'Forwarded-By': owner }),
    Target: text(fields, 'Target') ?? defaults.processId,
    ...(anchor === undefined ? {} : { Anchor: anchor }),
    Tags: tags.filter((tag) => tag.name !== 'From' && tag.name !== 'Owner'),
    Data: text(fields, 'Data') || ' ',
    Timestamp: number(fields, 'Timestamp') ?? defaults.timestampMs,
    'Block-Height': number(fields, 'Block-Height') ?? defaults.blockHeight,
    Cron: false,
    'Read-Only': true,
  }
  for (const name of ['Signature', 'Hash-Chain', 'Module', 'Message']) {
    const value = text(fields, name)
    if (value !== undefined) message[name] = value
  }
  for (const name of ['Epoch', 'Nonce']) {
    const value = number(fields, name)
    if (value !== undefined) message[name] = value
  }
  return message as PresentedMessage
}

/** Clients send numbers where text is meant (`"Id": 1234`); both are taken. */
function text(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw dryRunInvalid(`${name} must be text`)
}

function number(fields: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = fields[name]
  if (value === undefined || value === null || value === '') return undefined
  const count = typeof value === 'string' ? Number(value) : value
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  throw dryRunInvalid(`${name} must be a whole number`)
}

function readTags(value: unknown): Tag[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw dryRunInvalid('Tags must be a list of {name, value}')
  if (value.length > tagsMax) throw dryRunInvalid(`at most ${tagsMax} tags`)
  return value.map((tag: unknown) => {
    if (typeof tag !== 'object' || tag === null) throw dryRunInvalid('a tag is {name, value}')
    const fields = tag as Readonly<Record<string, unknown>>
    const name = text(fields, 'name')
    if (name === undefined) throw dryRunInvalid('a tag needs a name')
    return { name, value: text(fields, 'value') ?? '' }
  })
}
