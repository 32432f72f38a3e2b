import type { Film } from '../films.ts';

export interface Remark {
  title: string;
  body: string;
  /** What readers are asked to choose from. */
  poll?: { options: string[] };
}

/** What people write about a film. */
export const remarksAbout: ((film: Film) => Remark)[] = [
  ({ title }) => ({ title: `Finally saw ${title}`, body: 'It had been on my list for years. Why did nobody tell me?' }),
  ({ title }) => ({ title: `${title}, ten minutes that stay`, body: 'You will know the scene when you see it.' }),
  ({ title }) => ({
    title: `Is ${title} overrated?`,
    body: 'I liked it well enough. Tell me what I have missed.',
    poll: { options: ['Yes', 'No', 'I have not seen it'] },
  }),
  ({ title, tags }) => ({ title: `More like ${title}?`, body: `I am looking for anything with ${tags.join(', ')}.` }),
  ({ title, releaseYear }) => ({ title: `${title} today`, body: `From ${releaseYear}, and it has not aged a day.` }),
  ({ title }) => ({
    title: `${title} with the family`,
    body: 'Three generations on one sofa, and all of us were quiet.',
  }),
];

/** What people write about no film in particular. */
export const generalRemarks: (Remark & { tags: string[] })[] = [
  {
    title: 'Subtitles or dubbed?',
    body: 'I read fast and still miss half of the picture. How do you do it?',
    tags: ['subtitles'],
    poll: { options: ['Subtitles', 'Dubbed', 'It depends'] },
  },
  {
    title: 'A film for a rainy Sunday',
    body: 'Two hours, a blanket, nothing too sad. What do you suggest?',
    tags: ['suggestions'],
  },
  {
    title: 'Our film club looks for members',
    body: 'Every other Thursday, one film that nobody has seen. Bring tea.',
    tags: ['film-club', 'meetup'],
  },
  {
    title: 'The best last line',
    body: 'Not the best ending: the best last line. I will go first in the comments.',
    tags: ['endings', 'quiz'],
  },
];

/** What others answer. */
export const replies: string[] = [
  'I could not agree more.',
  'I see it quite differently, but well said.',
  'Saw it last week because of you. Thank you!',
  'The ending still puzzles me.',
  'Best heard with headphones.',
  'Half of it went over my head, and I loved it.',
  'My sister says the same, and she is never wrong.',
  'On my list now.',
  'Did you notice the clock in the background?',
  'Too long by half an hour.',
  'Watch it in the cinema, if you ever can.',
  'I laughed where nobody else did.',
];
