-- A database of schema version 1, with one interview. Never changed.
BEGIN TRANSACTION;
CREATE TABLE events (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	interview_id VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	type VARCHAR NOT NULL,
	body TEXT NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT uq_events_interview_id_key UNIQUE (interview_id, "key"),
	FOREIGN KEY(interview_id) REFERENCES interviews (id)
);
INSERT INTO "events" VALUES(1,'i1','started','started','{"type":"started","at":"2026-03-01T12:00:00Z","plan":{"guide_id":"g","guide_title":"A guide","guide_revision":"r1","questions":["q1","q2","q3"],"mode":"practice","seed":0,"minutes":null,"topic":null,"probes":2,"follow_ups":1},"candidate":"cara","channel":"terminal","engine":"scripted"}','2026-03-01 12:00:00.000000');
INSERT INTO "events" VALUES(2,'i1','received:m1','received','{"type":"received","message":{"id":"m1","interview_id":"i1","text":"An answer.","at":"2026-03-01T12:00:00Z","command":null}}','2026-03-01 12:00:00.000000');
CREATE TABLE guides (
	revision VARCHAR NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (revision)
);
INSERT INTO "guides" VALUES('r1','{"id":"g","title":"A guide","file":"g.md","revision":"r1","description":"","tags":[],"questions":[{"id":"q1","text":"Question 1?","line":1,"category":"other","difficulty":null,"answer":"","key_points":[{"id":"p1","text":"A point.","line":2,"label":null,"weight":1.0,"probe":null,"hint":null}],"pitfalls":[],"follow_ups":[]},{"id":"q2","text":"Question 2?","line":2,"category":"other","difficulty":null,"answer":"","key_points":[{"id":"p1","text":"A point.","line":2,"label":null,"weight":1.0,"probe":null,"hint":null}],"pitfalls":[],"follow_ups":[]},{"id":"q3","text":"Question 3?","line":3,"category":"other","difficulty":null,"answer":"","key_points":[{"id":"p1","text":"A point.","line":2,"label":null,"weight":1.0,"probe":null,"hint":null}],"pitfalls":[],"follow_ups":[]}],"background":[]}');
CREATE TABLE interviews (
	id VARCHAR NOT NULL,
	guide_id VARCHAR NOT NULL,
	guide_title VARCHAR NOT NULL,
	guide_revision VARCHAR NOT NULL,
	mode VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	candidate VARCHAR NOT NULL,
	started_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	answered INTEGER NOT NULL,
	planned INTEGER NOT NULL,
	lease_holder VARCHAR,
	lease_until DATETIME,
	PRIMARY KEY (id),
	FOREIGN KEY(guide_revision) REFERENCES guides (revision)
);
INSERT INTO "interviews" VALUES('i1','g','A guide','r1','practice','active','cara','2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000',0,3,NULL,NULL);
CREATE TABLE schema_version (
	version INTEGER NOT NULL
);
INSERT INTO "schema_version" VALUES(1);
CREATE INDEX ix_interviews_guide_revision ON interviews (guide_revision);
CREATE INDEX ix_interviews_candidate ON interviews (candidate);
CREATE INDEX ix_events_interview_id_seq ON events (interview_id, seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',2);
COMMIT;
