/**
 * What an actor finds in its global scope: the API of the `js` module. Ambient, so keep it out of
 * programs that are no actors: reference it from the tsconfig of your actors only.
 *
 *   "compilerOptions": { "lib": ["es2024"], "types": [] }, "include": ["*.ts", ".../actor.d.ts"]
 */

/** Tags of a message by name; of repeated names the first. */
type ActorTags = Readonly<Record<string, string | undefined>>
type ActorTagList = readonly { readonly name: string; readonly value: string }[]
type ActorTagValue = string | number | bigint | boolean | null | undefined
type ActorTagsGiven = Readonly<Record<string, ActorTagValue>> | ActorTagList

interface Message {
  readonly id: string
  /** Process or address it comes from; checked for messages between processes. */
  readonly from: string
  /** Address that signed it: for messages between processes the messenger. */
  readonly owner: string
  readonly target: string
  readonly action: string | undefined
  readonly tags: ActorTags
  readonly tagList: ActorTagList
  readonly data: string
  /** Milliseconds since 1970, as the scheduler stated them. `Date.now()` gives the same. */
  readonly timestamp: number
  readonly blockHeight: number
  readonly slot: number
  /** A tick of the process's own cron. */
  readonly cron: boolean
  /** A dry run: nothing of it will remain. */
  readonly readOnly: boolean
  readonly reference: string | undefined
  /** The data read as JSON; throws where it is none. */
  json(): unknown
  /** All fields as an object: `{ ...message }` has none, as they are read when they are asked for. */
  toJSON(): Readonly<Record<string, unknown>>
  /** Answers whoever asked, so that its `receive()` goes on. */
  reply(answer?: MessageAnswer): SentMessage
  /** Hands the message on; the reply goes straight to whom it came from. */
  forward(target: string, changes?: MessageAnswer): SentMessage
}

interface MessageAnswer {
  action?: string | undefined
  tags?: ActorTagsGiven | undefined
  /** Text as it is; any other value becomes JSON, big integers decimal digits. */
  data?: unknown
}

interface OutgoingMessage extends MessageAnswer {
  target: string
}

interface SentMessage {
  readonly reference: string
  readonly target: string
  /**
   * The next reply of the target (or of `from`). It arrives as a later message, and the handler
   * goes on then: what it sends belongs to that message.
   */
  receive(options?: { from?: string }): Promise<Message>
}

interface OutgoingProcess extends MessageAnswer {
  /** JavaScript of a new actor; instead of `data`. */
  source?: string | undefined
  /** Id of the module; absent: the one this actor runs on. */
  module?: string | undefined
}

interface SpawningProcess extends PromiseLike<string> {
  readonly reference: string
  /** The `Spawned` message, whose tag `Process` is the id that `await` gives. */
  receive(): Promise<Message>
}

interface OutgoingAssignment {
  processes: readonly string[]
  message: string
  baseLayer?: boolean
  exclude?: readonly string[]
}

type FieldPattern =
  | string
  | number
  | bigint
  | boolean
  | RegExp
  | readonly FieldPattern[]
  | ((value: string | undefined) => boolean)

interface FieldPatterns {
  readonly tags?: Readonly<Record<string, FieldPattern>>
  readonly [fieldOrTag: string]: FieldPattern | Readonly<Record<string, FieldPattern>> | undefined
}

/** An Action, a predicate, or fields and tags that must all match (`true`: is there). */
type MessageMatcher = string | FieldPatterns | ((message: Message) => boolean)

/** May be asynchronous: it goes on when an awaited reply arrives. Throwing undoes the message. */
type MessageHandler = (message: Message) => unknown

/** Handles messages that match; the handler added first wins. Returns what removes it. */
declare function on(matcher: MessageMatcher, handler: MessageHandler): () => void
/** As `on`, for one message. */
declare function once(matcher: MessageMatcher, handler: MessageHandler): () => void
/** Sends a message once this evaluation is durable. */
declare function send(message: OutgoingMessage): SentMessage
/** The next message that matches and that is no awaited reply. */
declare function receive(matcher: MessageMatcher): Promise<Message>
/** Spawns a process; `await` it for the id. */
declare function spawn(process: OutgoingProcess): SpawningProcess
/** Puts an existing item into the logs of processes. */
declare function assign(assignment: OutgoingAssignment): void
/** Accepts matching items that were sent to others and assigned to this process. */
declare function allowAssignment(matcher: MessageMatcher): void
/** Adds a line to `Output.data` of this message. */
declare function print(...values: unknown[]): void
/** A value as `print` shows it. */
declare function inspect(value: unknown): string
interface CompletionRequest {
  /** Id of the model's item, one of the process's `Calls-Model` tags; absent: the first of them. */
  model?: string
  /** A text to go on with, or a conversation. */
  prompt?: string
  messages?: readonly { role: string; content: string }[]
  /** Tokens of the answer at most; 128 unless told, at most 1,024. */
  tokens?: number
  /** 0 unless told: the likeliest token each time. */
  temperature?: number
  topP?: number
  /** Absent: one from the message's id, another for each call. */
  seed?: number
  stop?: string | readonly string[]
}

interface Completion {
  readonly text: string
  /** `end`: the model ended; `stop`: a stop text came; `length`: there was no room for more. */
  readonly finish: 'end' | 'stop' | 'length'
  readonly tokens: number
  readonly promptTokens: number
  readonly model: string
  /** Root of the model's weights. */
  readonly version: string
  /** Digest of the answer's receipt, which is kept with the message's result. */
  readonly receipt: string
  /** Units of the model's gas; four steps of `Compute-Limit` each. */
  readonly gas: number
}

/** Models in this very evaluation: the process names them with tags `Calls-Model` when it is spawned. */
declare const model: {
  /** Throws where the request is wrong; where the steps end, the message fails. */
  complete(request: CompletionRequest): Completion
}

/** Messages no handler took, oldest first; at most 1,000. */
declare const inbox: Message[]

declare const process: {
  readonly id: string
  /** Who may `Eval`: the parent for a process that another spawned, else the signer. */
  readonly owner: string
  readonly name: string
  readonly tags: ActorTags
  readonly tagList: ActorTagList
  readonly module: { readonly id: string; readonly owner: string; readonly tags: ActorTags }
  readonly authorities: readonly string[]
}

/** The same under the names of aos. */
declare const ao: {
  readonly id: string
  readonly owner: string
  readonly authorities: readonly string[]
  readonly send: typeof send
  readonly spawn: typeof spawn
  readonly assign: typeof assign
  readonly allowAssignment: typeof allowAssignment
}

/** All of it goes where `print` goes. */
declare const console: {
  log(...values: unknown[]): void
  info(...values: unknown[]): void
  debug(...values: unknown[]): void
  warn(...values: unknown[]): void
  error(...values: unknown[]): void
}

declare function queueMicrotask(callback: () => void): void
declare function btoa(text: string): string
declare function atob(text: string): string
