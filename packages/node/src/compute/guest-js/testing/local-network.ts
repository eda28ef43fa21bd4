import { readFileSync } from 'node:fs'
import type { OutgoingMessage } from '@heddle/protocol/message'
import {
  type ActorResult,
  messengerAddress,
  ownerAddress,
  spawnActor,
  stripTypes,
  type TestActor,
  type TestMessage,
} from './test-actor.ts'

/** One message that was delivered and what it led to. */
export type Delivery = {
  readonly from: string
  readonly to: string
  readonly action: string
  readonly result: ActorResult
}

/**
 * Actors on the real guest and a messenger between them: what an actor sends to another is
 * delivered first in, first out; what it sends to anyone else stays in `mail`.
 */
export type LocalNetwork = {
  readonly mail: OutgoingMessage[]
  /** Spawns the actor of a file under a name and gives its id. */
  spawn(name: string, file: string, tags?: Readonly<Record<string, string>>): Promise<string>
  /** Sends as the owner (unless `from` says otherwise) and delivers until nothing is left. */
  send(name: string, message: TestMessage): Promise<Delivery[]>
  /** Data of the first answer to the sender, read as JSON. */
  ask(name: string, message: TestMessage): Promise<unknown>
  close(): void
}

/** More deliveries than this for one message is a loop between actors. */
const maxDeliveries = 1_000

/** Reads an actor whose types are stripped; one that imports needs a reader that links. */
type ReadSource = (file: URL) => Promise<string>

const readPlain: ReadSource = async (file) => stripTypes(readFileSync(file, 'utf8'))

/** `folder` holds the files of the actors, as a URL with a slash at its end. */
export function createLocalNetwork(folder: URL, read: ReadSource = readPlain): LocalNetwork {
  const actors = new Map<string, TestActor>()
  const names = new Map<string, string>()
  const mail: OutgoingMessage[] = []

  async function deliver(name: string, message: TestMessage): Promise<Delivery[]> {
    const done: Delivery[] = []
    const queue: { to: string; message: TestMessage }[] = [{ to: name, message }]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (done.length > maxDeliveries) throw new Error('the actors never stop talking')
      const actor = actors.get(next.to)
      if (actor === undefined) throw new Error(`no actor is named ${next.to}`)
      const result = await actor.send(next.message)
      if (result.Error !== undefined) throw new Error(`${next.to}: ${result.Error}`)
      const from = names.get(next.message.from ?? '') ?? 'owner'
      done.push({ from, to: next.to, action: actionOf(next.message), result })
      for (const sent of result.Messages) {
        const to = names.get(sent.Target)
        if (to === undefined) mail.push(sent)
        else queue.push({ to, message: toMessage(actor.id, sent) })
      }
    }
    return done
  }

  return {
    mail,
    async spawn(name, file, tags = {}) {
      const source = await read(new URL(file, folder))
      const actor = await spawnActor({ name, source, tags: { Name: name, ...tags } })
      actors.set(name, actor)
      names.set(actor.id, name)
      return actor.id
    },
    send: deliver,
    async ask(name, message) {
      const before = mail.length
      await deliver(name, message)
      const answer = mail
        .slice(before)
        .find(({ Target }) => Target === (message.from ?? ownerAddress))
      return JSON.parse(answer?.Data ?? 'null')
    },
    close() {
      for (const actor of actors.values()) actor.close()
    },
  }
}

function actionOf({ action, tags = {}, cron }: TestMessage): string {
  return action ?? tags.Action ?? (cron === true ? 'cron' : 'none')
}

/** As the messenger writes it: signed by itself, with the process it comes from. */
function toMessage(from: string, { Tags, Data = '' }: OutgoingMessage): TestMessage {
  const tags = Object.fromEntries(Tags.map(({ name, value }) => [name, value]))
  return { from, owner: messengerAddress, tags: { ...tags, 'From-Process': from }, data: Data }
}

/** Value of a tag of a message an actor sent. */
export function tagOf(message: OutgoingMessage | undefined, name: string): string | undefined {
  return message?.Tags.find((tag) => tag.name === name)?.value
}
