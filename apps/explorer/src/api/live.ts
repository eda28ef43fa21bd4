import type { PeerState, Sample, SlotBatch, SlotEvent } from '@heddle/protocol/api'
import { useEffect, useRef, useState } from 'preact/hooks'

export type LiveHandlers = {
  /**
   * Called once per animation frame at most, with all events since; with none each time the feed opens, for
   * nobody told what came before that.
   */
  onSlots?(events: readonly SlotEvent[], skipped: number): void
  onSample?(sample: Sample): void
  onPeers?(peers: readonly PeerState[]): void
}

/** Events kept for one frame; a hidden tab draws none, so there must be an end. */
const waitingMax = 2048

/** Follows the node, or one process of it. Returns whether the feed is connected. */
export function useLive(handlers: LiveHandlers, processId?: string): boolean {
  const [isOpen, setOpen] = useState(false)
  const newest = useRef(handlers)
  newest.current = handlers
  useEffect(() => {
    const query = processId === undefined ? '' : `?process=${processId}`
    const source = new EventSource(`/explorer/api/live${query}`)
    let waiting: SlotEvent[] = []
    let skipped = 0
    let frame = 0
    const draw = () => {
      frame = 0
      newest.current.onSlots?.(waiting, skipped)
      waiting = []
      skipped = 0
    }
    source.onopen = () => {
      setOpen(true)
      newest.current.onSlots?.([], 0)
    }
    source.onerror = () => setOpen(false)
    source.addEventListener('slots', ({ data }) => {
      const slots = JSON.parse(data) as SlotBatch
      waiting.push(...slots.events)
      skipped += slots.skipped + Math.max(0, waiting.length - waitingMax)
      if (waiting.length > waitingMax) waiting = waiting.slice(-waitingMax)
      frame ||= requestAnimationFrame(draw)
    })
    source.addEventListener('sample', ({ data }) => newest.current.onSample?.(JSON.parse(data)))
    source.addEventListener('peers', ({ data }) => newest.current.onPeers?.(JSON.parse(data)))
    return () => {
      source.close()
      cancelAnimationFrame(frame)
    }
  }, [processId])
  return isOpen
}
