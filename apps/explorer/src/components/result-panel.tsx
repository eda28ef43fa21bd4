import type { ReadResult, SentMessage, SlotResult } from '@heddle/sdk'
import { formatCount } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { Data } from './code.tsx'
import { Id } from './id.tsx'
import { Badge, Panel } from './panel.tsx'
import { Empty } from './state.tsx'

type ResultProps = {
  readonly title: string
  readonly aside: string
  readonly result: ReadResult | SlotResult
}

/** What a process gave. */
export function ResultPanel({ title, aside, result }: ResultProps) {
  const { error, output, messages, gasUsed } = result
  const isSilent = error === undefined && output === '' && messages.length === 0
  return (
    <Panel title={title} aside={<span class="quiet">{aside}</span>}>
      <p class="pad">
        {error === undefined ? <Badge tone="good">ok</Badge> : <Badge tone="bad">failed</Badge>}{' '}
        {formatCount(gasUsed)} gas
        {'slot' in result && (
          <>
            {' '}
            · <Link to={paths.message(result.id)}>slot {formatCount(result.slot)}, its life</Link>
          </>
        )}
      </p>
      {error !== undefined && <Data text={error} label="Error" />}
      {output !== '' && <Data text={output} label="Output" />}
      {messages.map((message, at) => (
        <Sent key={at} message={message} />
      ))}
      {isSilent && <Empty title="It said nothing">No output, no messages.</Empty>}
    </Panel>
  )
}

function Sent({ message: { target, action, data } }: { message: SentMessage }) {
  return (
    <>
      <p class="pad">
        {action ?? 'Message'} to <Id id={target} to={paths.search(target)} />
      </p>
      {data.trim() !== '' && <Data text={data} label="Data" />}
    </>
  )
}
