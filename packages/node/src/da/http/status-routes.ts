import { encodeBase64Url } from '@heddle/protocol/base'
import { directorySet, storerDirectoryFromJson, storerSetId } from '@heddle/protocol/certificate'
import { committeeBounds, committeeFor } from '@heddle/protocol/params'
import type { Route } from '../../network/index.ts'
import { requestKinds } from '../wire/kinds.ts'
import { decodeStatusReply, encodeGetStatus } from '../wire/status.ts'
import type { DaDeps, DaStatus, StorerState } from './ports.ts'

const storerTimeoutMs = 2000

/** `GET /status`: set, committees, counts; `GET /storers`: the set as a file; `?state=1` asks each. */
export function statusRoutes(deps: DaDeps): Route[] {
  return [
    { method: 'GET', path: '/status', handle: () => ({ status: 200, body: statusOf(deps) }) },
    {
      method: 'GET',
      path: '/storers',
      async handle({ query }) {
        const directory = deps.directory()
        if (query.get('state') !== '1') return { status: 200, body: directory }
        return { status: 200, body: { ...directory, states: await statesOf(deps) } }
      },
    },
  ]
}

function statusOf({ directory, publisher, certificates }: DaDeps): DaStatus {
  const set = directorySet(storerDirectoryFromJson(directory()))
  const committees = [16, 64].flatMap((k) => {
    const committee = committeeFor(k, set.storers.length)
    return committee === undefined ? [] : [{ k, ...committeeBounds(committee) }]
  })
  return {
    epoch: set.epoch,
    storerSet: encodeBase64Url(storerSetId(set)),
    storers: set.storers.length,
    publishes: publisher !== undefined,
    certificates: certificates.count(),
    committees,
  }
}

function statesOf({ directory, lane, timer }: DaDeps): Promise<StorerState[]> {
  const { storers } = storerDirectoryFromJson(directory())
  return Promise.all(
    storers.map(async ({ key }) => {
      const storer = encodeBase64Url(key)
      const late = new AbortController()
      const disarm = timer.after(storerTimeoutMs, () => late.abort(new Error('too slow')))
      try {
        const reply = await lane.call(
          key,
          requestKinds.getStatus,
          encodeGetStatus(),
          [],
          late.signal,
          0,
        )
        const { key: _own, ...counts } = decodeStatusReply(reply.meta)
        return { storer, isReachable: true, ...counts }
      } catch {
        return { storer, isReachable: false }
      } finally {
        disarm()
      }
    }),
  )
}
