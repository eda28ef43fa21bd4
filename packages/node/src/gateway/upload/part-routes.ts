import { HeddleError } from '@heddle/protocol/base'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { requestInvalid, uploadRefused, uploadUnknown } from '../errors.ts'
import type { Outcome, PartUploads } from './parts.ts'

/** Sizes of a part that are taken, and the one meant where none is asked for. */
const partBytesMin = 1
const partBytesMax = 500 * 1024 * 1024
const partBytes = 5 * 1024 * 1024

/** Turbo's multi-part uploads: begin, parts in any order, finalize, status. */
export function partRoutes(parts: PartUploads): Route[] {
  const finalizing = new Map<string, Promise<Outcome>>()
  const finalize = async (id: string): Promise<Outcome> => {
    const sizeBytes = parts.size(id)
    try {
      const receipt = await parts.take(id, sizeBytes)
      const outcome = { status: 'FINALIZED', receipt } as const
      await parts.end(id, outcome)
      return outcome
    } catch (error) {
      if (error instanceof HeddleError && error.kind === 'invalid') {
        await parts.end(id, { status: 'INVALID' })
      }
      throw error
    }
  }
  const finalizeOnce = async ({ params: { id = '' } }: RouteRequest): Promise<RouteReply> => {
    const before = parts.outcome(id)
    if (before?.status === 'INVALID') throw uploadRefused(id)
    if (before !== undefined) return { status: 200, body: before.receipt }
    const running = finalizing.get(id) ?? finalize(id).finally(() => finalizing.delete(id))
    finalizing.set(id, running)
    const { receipt } = await running
    return { status: 200, body: receipt }
  }
  const status = ({ params: { id = '' } }: RouteRequest): RouteReply => {
    const outcome = parts.outcome(id)
    if (outcome !== undefined) return { status: 200, body: { ...outcome, timestamp: 0 } }
    if (finalizing.has(id)) return { status: 200, body: { status: 'FINALIZING' } }
    if (!parts.has(id)) throw uploadUnknown(id)
    return { status: 200, body: { status: 'ASSEMBLING' } }
  }
  return ['/v1/chunks', '/v1/chunks/:token'].flatMap((path): Route[] => [
    { method: 'GET', path: `${path}/-1/-1`, handle: (request) => begin(request, parts) },
    { method: 'GET', path: `${path}/:id/status`, handle: status },
    { method: 'POST', path: `${path}/:id/finalize`, handle: finalizeOnce },
    { method: 'POST', path: `${path}/:id/-1`, handle: finalizeOnce },
    {
      method: 'POST',
      path: `${path}/:id/:offset(^\\d{1,15}$)`,
      body: 'stream',
      handle: async ({ params: { id = '', offset = '0' }, stream }) => {
        await parts.write(id, Number(offset), stream)
        return { status: 200, body: {} }
      },
    },
  ])
}

async function begin({ query }: RouteRequest, parts: PartUploads): Promise<RouteReply> {
  const asked = query.get('chunkSize')
  const chunkSize = asked === null ? partBytes : Number(asked)
  if (!Number.isInteger(chunkSize) || chunkSize < partBytesMin || chunkSize > partBytesMax) {
    throw requestInvalid(`chunkSize must be a whole number from 1 to ${partBytesMax}.`)
  }
  const id = await parts.begin()
  return { status: 200, body: { id, min: partBytesMin, max: partBytesMax, chunkSize } }
}
