-- The tables of Trillian 1.7.3 (google/trillian, storage/mysql/schema/storage.sql, Apache-2.0), which ships no program that makes them.
CREATE TABLE Trees(
  TreeId                BIGINT NOT NULL PRIMARY KEY,
  TreeState             ENUM('ACTIVE', 'FROZEN', 'DRAINING') NOT NULL,
  TreeType              ENUM('LOG', 'MAP', 'PREORDERED_LOG') NOT NULL,
  HashStrategy          ENUM('RFC6962_SHA256', 'TEST_MAP_HASHER', 'OBJECT_RFC6962_SHA256', 'CONIKS_SHA512_256', 'CONIKS_SHA256') NOT NULL,
  HashAlgorithm         ENUM('SHA256') NOT NULL,
  SignatureAlgorithm    ENUM('ECDSA', 'RSA', 'ED25519') NOT NULL,
  DisplayName           VARCHAR(20),
  Description           VARCHAR(200),
  CreateTimeMillis      BIGINT NOT NULL,
  UpdateTimeMillis      BIGINT NOT NULL,
  MaxRootDurationMillis BIGINT NOT NULL,
  PrivateKey            MEDIUMBLOB NOT NULL,
  PublicKey             MEDIUMBLOB NOT NULL,
  Deleted               BOOLEAN,
  DeleteTimeMillis      BIGINT
);

CREATE TABLE TreeControl(
  TreeId                  BIGINT NOT NULL PRIMARY KEY,
  SigningEnabled          BOOLEAN NOT NULL,
  SequencingEnabled       BOOLEAN NOT NULL,
  SequenceIntervalSeconds INTEGER NOT NULL
);

CREATE TABLE Subtree(
  TreeId          BIGINT NOT NULL,
  SubtreeId       VARBINARY(255) NOT NULL,
  Nodes           MEDIUMBLOB NOT NULL,
  SubtreeRevision INTEGER NOT NULL,
  PRIMARY KEY(TreeId, SubtreeId, SubtreeRevision)
);

CREATE TABLE TreeHead(
  TreeId            BIGINT NOT NULL,
  TreeHeadTimestamp BIGINT,
  TreeSize          BIGINT,
  RootHash          VARBINARY(255) NOT NULL,
  RootSignature     VARBINARY(1024) NOT NULL,
  TreeRevision      BIGINT,
  PRIMARY KEY(TreeId, TreeHeadTimestamp),
  UNIQUE(TreeId, TreeRevision)
);

CREATE TABLE LeafData(
  TreeId              BIGINT NOT NULL,
  LeafIdentityHash    VARBINARY(255) NOT NULL,
  LeafValue           LONGBLOB NOT NULL,
  ExtraData           LONGBLOB,
  QueueTimestampNanos BIGINT NOT NULL,
  PRIMARY KEY(TreeId, LeafIdentityHash)
);

CREATE TABLE SequencedLeafData(
  TreeId                  BIGINT NOT NULL,
  SequenceNumber          BIGINT UNSIGNED NOT NULL,
  LeafIdentityHash        VARBINARY(255) NOT NULL,
  MerkleLeafHash          VARBINARY(255) NOT NULL,
  IntegrateTimestampNanos BIGINT NOT NULL,
  PRIMARY KEY(TreeId, SequenceNumber),
  INDEX(TreeId, MerkleLeafHash)
);

CREATE TABLE Unsequenced(
  TreeId              BIGINT NOT NULL,
  Bucket              INTEGER NOT NULL,
  LeafIdentityHash    VARBINARY(255) NOT NULL,
  MerkleLeafHash      VARBINARY(255) NOT NULL,
  QueueTimestampNanos BIGINT NOT NULL,
  QueueID             VARBINARY(32) DEFAULT NULL UNIQUE,
  PRIMARY KEY(TreeId, Bucket, QueueTimestampNanos, LeafIdentityHash)
);
