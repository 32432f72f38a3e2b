import type { Genre } from '../films.ts';

export interface Palette {
  top: string;
  bottom: string;
  shapes: readonly [string, string, string];
}

/** Each genre's sky, from top to bottom, and the colours of what stands before it. */
export const palettes: Record<Genre, Palette> = {
  Action: { top: '#2b0a0a', bottom: '#c2410c', shapes: ['#fb923c', '#fde68a', '#7f1d1d'] },
  Adventure: { top: '#0f3d3e', bottom: '#e2a03f', shapes: ['#f6d186', '#1b7f79', '#fff3d6'] },
  Animation: { top: '#4338ca', bottom: '#f472b6', shapes: ['#fde047', '#38bdf8', '#fff7ed'] },
  Biography: { top: '#3b2f2f', bottom: '#a68a64', shapes: ['#ede0d4', '#7f5539', '#ddb892'] },
  Comedy: { top: '#f59e0b', bottom: '#ef4444', shapes: ['#fef3c7', '#fcd34d', '#7c2d12'] },
  Crime: { top: '#0b0f14', bottom: '#3f4a5a', shapes: ['#b91c1c', '#94a3b8', '#e2e8f0'] },
  Documentary: { top: '#1f2937', bottom: '#64748b', shapes: ['#e5e7eb', '#38bdf8', '#111827'] },
  Drama: { top: '#1e1b3a', bottom: '#8d5b7f', shapes: ['#f2c6a0', '#5b4b8a', '#fbe9e7'] },
  Family: { top: '#0369a1', bottom: '#86efac', shapes: ['#fef08a', '#fda4af', '#e0f2fe'] },
  Fantasy: { top: '#1a1147', bottom: '#0f766e', shapes: ['#a7f3d0', '#c4b5fd', '#fde68a'] },
  History: { top: '#292018', bottom: '#8a6d3b', shapes: ['#e6c98f', '#5c4524', '#f5ead1'] },
  Horror: { top: '#050505', bottom: '#4a0d12', shapes: ['#991b1b', '#1f2937', '#e5e5e5'] },
  Music: { top: '#3b0764', bottom: '#db2777', shapes: ['#f0abfc', '#fbbf24', '#fdf2f8'] },
  Mystery: { top: '#0c1a2b', bottom: '#2f4858', shapes: ['#86a8a4', '#f2d492', '#172a3a'] },
  Romance: { top: '#4c0519', bottom: '#fb7185', shapes: ['#fecdd3', '#9f1239', '#fff1f2'] },
  'Sci-Fi': { top: '#050b24', bottom: '#1d4e89', shapes: ['#67e8f9', '#a78bfa', '#e0f2fe'] },
  Sport: { top: '#14532d', bottom: '#65a30d', shapes: ['#fef9c3', '#bef264', '#052e16'] },
  Thriller: { top: '#0a0f1e', bottom: '#334155', shapes: ['#f97316', '#64748b', '#f8fafc'] },
  War: { top: '#1c1f14', bottom: '#6b6f3d', shapes: ['#d9d2a0', '#3f4421', '#c2571a'] },
  Western: { top: '#5b1f0e', bottom: '#f2a65a', shapes: ['#ffe0a3', '#8c3a1b', '#2d0f07'] },
};
