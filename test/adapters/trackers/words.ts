import type { SeverityWords } from '#adapters/trackers/tracker.ts';

export const words: SeverityWords = {
  critical: ['critical', 'p0', 'Highest', 'Urgent'],
  high: ['high'],
  medium: ['medium'],
  low: ['low'],
  otherwise: 'high',
};
