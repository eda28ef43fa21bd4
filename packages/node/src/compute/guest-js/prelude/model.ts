/** Puts a request to a model and waits for its answer; both are JSON. */
export type CallModel = (request: string) => string

type Reply = { readonly error?: string }

const { parse, stringify } = JSON

/** What actors call models with; those that the process item names with tags `Calls-Model`. */
export function createModel(callModel: CallModel): { complete(request: unknown): Reply } {
  return {
    complete(request) {
      const reply: Reply = parse(callModel(stringify(request) ?? 'null'))
      if (reply.error !== undefined) throw new Error(reply.error)
      return reply
    },
  }
}
