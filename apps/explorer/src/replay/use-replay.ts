import { useEffect, useRef, useState } from 'preact/hooks'
import type { ReplayEvent } from './reference-replay.ts'

/** What the thread tells. */
export type ReplayMessage =
  | ReplayEvent
  | { readonly kind: 'weights'; readonly done: number; readonly of: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }
  | { readonly kind: 'over' }

export type ReplayedStep = { readonly text: string; readonly verdict: 'right' | 'logits' | 'token' }

/** A replay as far as it came. */
export type Replay = {
  readonly state: 'idle' | 'weights' | 'prompt' | 'steps' | 'same' | 'wrong' | 'failed'
  /** Of the present state, from 0 to 1. */
  readonly part: number
  readonly steps: readonly ReplayedStep[]
  /** Why it is wrong, or what failed. */
  readonly why: string
  readonly tookMs: number
}

const idle: Replay = { state: 'idle', part: 0, steps: [], why: '', tookMs: 0 }

/** Replays the receipt of an id in this browser, on a thread that ends with the page. */
export function useReplay(id: string): {
  readonly replay: Replay
  start(): void
  stop(): void
} {
  const [replay, setReplay] = useState(idle)
  const worker = useRef<Worker>(undefined)
  const end = () => {
    worker.current?.terminate()
    worker.current = undefined
  }
  useEffect(() => end, [])
  const start = () => {
    end()
    const sinceMs = performance.now()
    const made = new Worker(new URL('./replay-worker.ts', import.meta.url), { type: 'module' })
    worker.current = made
    setReplay({ ...idle, state: 'weights' })
    made.addEventListener('message', ({ data }: MessageEvent<ReplayMessage>) => {
      if (data.kind === 'over') end()
      else setReplay((so) => follow(so, data, performance.now() - sinceMs))
    })
    made.addEventListener('error', () => {
      end()
      const why = 'the replay could not be loaded: load the page anew'
      setReplay((so) => ({ ...so, state: 'failed', why }))
    })
    made.postMessage({ id })
  }
  const stop = () => {
    end()
    setReplay(idle)
  }
  return { replay, start, stop }
}

function follow(so: Replay, message: ReplayMessage, tookMs: number): Replay {
  switch (message.kind) {
    case 'weights':
    case 'prompt':
      return { ...so, state: message.kind, part: message.done / message.of, tookMs }
    case 'step':
      return withStep(so, message, tookMs)
    case 'end': {
      const isSame = message.claimed === message.actual
      const why = isSame ? '' : `it says ${message.claimed}, it is ${message.actual}`
      return { ...so, state: isSame ? 'same' : 'wrong', why, tookMs }
    }
    case 'failed':
      return { ...so, state: 'failed', why: message.message, tookMs }
    case 'over':
      return so
  }
}

function withStep(so: Replay, step: ReplayEvent & { kind: 'step' }, tookMs: number): Replay {
  const { text, verdict } = step
  const steps = [...so.steps, { text, verdict }]
  if (verdict === 'right') return { ...so, state: 'steps', steps, tookMs }
  const why =
    verdict === 'logits'
      ? `step ${step.step} is wrong: the model gives other logits than its link commits to`
      : `step ${step.step} is wrong: its own logits choose another token`
  return { ...so, state: 'wrong', steps, why, tookMs }
}
