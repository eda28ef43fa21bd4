import { formatCount, formatDuration } from '../format.ts'
import { type Replay, useReplay } from '../replay/use-replay.ts'
import { Badge, Panel } from './panel.tsx'

/** Answers a receipt's question again here and compares every step. */
export function ReplayPanel({ id, steps }: { id: string; steps: number }) {
  const { replay, start, stop } = useReplay(id)
  const isRunning = ['weights', 'prompt', 'steps'].includes(replay.state)
  return (
    <Panel
      title="Replay"
      aside={
        <button type="button" class="button" onClick={isRunning ? stop : start}>
          {isRunning ? 'Stop' : replay.state === 'idle' ? 'Replay it here' : 'Replay again'}
        </button>
      }
    >
      <div class="pad replay" aria-live="polite">
        <p>
          <Verdict replay={replay} steps={steps} />
        </p>
        {replay.state !== 'idle' && (
          <progress value={partOf(replay, steps)} max={1} aria-label="Replayed" />
        )}
        {replay.steps.length > 0 && <Steps replay={replay} />}
      </div>
    </Panel>
  )
}

function partOf({ state, part, steps }: Replay, of: number): number {
  return state === 'weights' || state === 'prompt' ? part : steps.length / Math.max(1, of)
}

function Verdict({ replay: { state, steps, why, tookMs }, steps: of }: VerdictProps) {
  switch (state) {
    case 'idle':
      return (
        <span class="quiet">
          Fetches the model, checks each chunk, and computes all {formatCount(of)} steps in this
          browser.
        </span>
      )
    case 'weights':
      return <span class="quiet">Fetching the weights and checking their hashes …</span>
    case 'prompt':
      return <span class="quiet">Reading the question …</span>
    case 'steps':
      return (
        <span class="quiet">
          {formatCount(steps.length)} of {formatCount(of)} steps are the same …
        </span>
      )
    case 'same':
      return (
        <>
          <Badge tone="good">right</Badge> {formatCount(of)} steps replayed here in{' '}
          {formatDuration(tookMs)}, every bit the same.
        </>
      )
    case 'wrong':
      return (
        <>
          <Badge tone="bad">wrong</Badge> {why}
        </>
      )
    case 'failed':
      return (
        <>
          <Badge tone="warn">not replayed</Badge> {why}
        </>
      )
  }
}

type VerdictProps = { readonly replay: Replay; readonly steps: number }

/** The answer as it comes, a mark a token. */
function Steps({ replay }: { replay: Replay }) {
  return (
    <ol class="tokens" aria-label="Steps replayed">
      {replay.steps.map(({ text, verdict }, at) => (
        <li
          // A step keeps its place
          key={String(at)}
          class={verdict === 'right' ? 'token' : 'token token-wrong'}
          title={`step ${at}: ${verdict === 'right' ? 'the same' : verdict}`}
        >
          {shown(text)}
        </li>
      ))}
    </ol>
  )
}

/** Spaces and ends of lines as marks, so that no token is invisible. */
function shown(text: string): string {
  return text === '' ? '∎' : text.replaceAll(' ', '·').replaceAll('\n', '⏎')
}
