import type { Client } from '@heddle/sdk'

export type ListedModel = {
  readonly id: string
  readonly name: string
  readonly root: string
  readonly format: string
  readonly precision: string
  readonly sizeBytes: number
  readonly licence: string
}

type Reply = {
  readonly data: readonly {
    readonly id: string
    readonly heddle: Omit<ListedModel, 'id' | 'name'> & { readonly item: string }
  }[]
}

/** Every model a node answers with. */
export async function listModels(client: Client, signal: AbortSignal): Promise<ListedModel[]> {
  const answer = await client.transport.get('/v1/models', signal)
  const { data } = answer.json() as Reply
  return data.map(({ id: name, heddle }) => {
    const { item, root, format, precision, sizeBytes, licence } = heddle
    return { id: item, name, root, format, precision, sizeBytes, licence }
  })
}
