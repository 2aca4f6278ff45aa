-- Who made a version of the configuration the one that decides, and by which way: a start, a reload, or a caller.
alter table config_activations add column door varchar(20);
alter table config_activations add column process varchar(255);
update config_activations set door = 'start', process = '-';
alter table config_activations alter column door set not null;
alter table config_activations alter column process set not null;

-- What became of files that could not be taken up: the last failure of each process, kept until it is over and longer.
create table config_reload_failures (
  process varchar(255) primary key,
  failed_at timestamptz not null,
  problems jsonb not null,
  stranded jsonb not null,
  mended_at timestamptz
);

-- As long as the files allow it to be.
alter table config_versions alter column label type varchar(200);
