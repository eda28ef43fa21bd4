import { stripTypeScriptTypes } from 'node:module'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { OutgoingAssignment, OutgoingMessage, OutgoingSpawn } from '@heddle/protocol/message'
import { createRuntime, nodeCrypto } from '../../../runtime/index.ts'
import type { Guest, GuestModule, MemoryImage } from '../../guest/ports.ts'
import { compileJsGuest } from '../compile.ts'
import { buildJsModuleData } from '../module.ts'

/** What the module answered, its shape as the evaluator reads it. */
export type ActorResult = {
  readonly Error?: string
  readonly Messages: readonly OutgoingMessage[]
  readonly Spawns: readonly OutgoingSpawn[]
  readonly Assignments: readonly OutgoingAssignment[]
  readonly Output: { readonly data: string; readonly prompt?: string; readonly print?: boolean }
  readonly GasUsed: number
}

/** Fields of a message that matter to a test; the rest is filled in. */
export type TestMessage = {
  readonly id?: string
  readonly action?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly data?: string
  readonly from?: string
  readonly owner?: string
  readonly target?: string
  readonly cron?: boolean
  readonly timestampMs?: number
}

export type TestActor = {
  readonly id: string
  readonly guest: () => Guest
  /** Evaluates the next message; after an `Error` or a fault the state is that of before. */
  send(message: TestMessage): Promise<ActorResult>
  /** Continues in a fresh instance from the image of the present state. */
  move(): Promise<void>
  memory(): Uint8Array
  close(): void
}

/** An id for a name: 43 characters as every id. */
export function testId(name: string): string {
  return encodeBase64Url(nodeCrypto.sha256(encodeText(name)))
}

/** Address of who spawns actors in tests, and of the messenger that delivers between them. */
export const ownerAddress = testId('owner')
export const messengerAddress = testId('messenger')

const startMs = 1_700_000_000_000
let compiled: Promise<GuestModule> | undefined

/** The real module, compiled once per test file. */
export function jsGuestModule(): Promise<GuestModule> {
  compiled ??= buildJsModuleData(createRuntime().disk).then(compileJsGuest)
  return compiled
}

function toTags(table: Readonly<Record<string, string>>) {
  return Object.entries(table).map(([name, value]) => ({ name, value }))
}

/** Types of an actor removed as `heddle spawn` and the SDK remove them. */
export function stripTypes(source: string): string {
  return stripTypeScriptTypes(source, { mode: 'strip' })
}

type Spawn = {
  readonly name?: string
  readonly source: string
  readonly tags?: Readonly<Record<string, string>>
  readonly owner?: string
  readonly memoryBytes?: number
}

/** Spawns an actor and boots it; throws where its boot gives an `Error`. */
export async function spawnActor(spawn: Spawn): Promise<TestActor> {
  const actor = await createActor(spawn)
  const { Error: error } = await boot(actor, spawn)
  if (error !== undefined) throw new Error(error)
  return actor
}

/** The slot 0 of an actor made by `createActor`. */
export function boot(actor: TestActor, { source, tags = {} }: Spawn): Promise<ActorResult> {
  return actor.send({ id: actor.id, tags: { Type: 'Process', ...tags }, data: source })
}

/** An actor that has not got its slot 0 yet. */
export async function createActor(spawn: Spawn): Promise<TestActor> {
  const module = await jsGuestModule()
  const memoryBytes = spawn.memoryBytes ?? 64 * 2 ** 20
  const owner = spawn.owner ?? ownerAddress
  const id = testId(spawn.name ?? 'actor')
  const environment = JSON.stringify({
    Process: {
      Id: id,
      Owner: owner,
      Tags: toTags({ Type: 'Process', Authority: messengerAddress, ...spawn.tags }),
    },
    Module: { Id: testId('module'), Owner: testId('module owner'), Tags: [] },
  })
  let guest = await module.instantiate({ memoryBytes })
  let slot = 0
  const restore = async (image: MemoryImage) => {
    guest.close()
    guest = await module.instantiate({ memoryBytes, image })
  }
  return {
    id,
    guest: () => guest,
    async send(message) {
      const before = guest.capture()
      const text = JSON.stringify(toWire(message, { id, owner, slot }))
      const timestampMs = message.timestampMs ?? startMs + slot * 1000
      const seed = nodeCrypto.sha256(encodeText(`${id}/${slot}`))
      slot += 1
      try {
        const answer = guest.handle(text, environment, { timestampMs, seed })
        const { response }: { response: ActorResult } = JSON.parse(answer)
        if (response.Error !== undefined) await restore(before)
        return response
      } catch (error) {
        await restore(before)
        throw error
      }
    },
    move: () => restore(guest.capture()),
    memory: () => guest.memory(),
    close: () => guest.close(),
  }
}

function toWire(message: TestMessage, process: { id: string; owner: string; slot: number }) {
  const { action, tags = {} } = message
  const from = message.from ?? process.owner
  return {
    Id: message.id ?? testId(`${process.id} message ${process.slot}`),
    Owner: message.owner ?? from,
    From: from,
    Target: message.target ?? process.id,
    Anchor: '',
    Tags: toTags(action === undefined ? tags : { Action: action, ...tags }),
    Data: message.data ?? '',
    Nonce: process.slot,
    Epoch: 0,
    Timestamp: message.timestampMs ?? startMs + process.slot * 1000,
    'Block-Height': 100 + process.slot,
    Cron: message.cron === true,
  }
}
