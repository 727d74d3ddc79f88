from pathlib import Path

import kith.kit.fields
import kith.kit.ids
from django.db import migrations, models

from kith.kit.fences import Fence, RunSQLFile

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        # All three are trusted extensions: the owner of the database may create them.
        migrations.RunSQL(
            "create extension if not exists pg_trgm; create extension if not exists btree_gin;"
            " create extension if not exists unaccent",
            migrations.RunSQL.noop,
        ),
        RunSQLFile(SQL / "kit.sql"),
        migrations.CreateModel(
            name='EventCursor',
            fields=[
                ('consumer', models.TextField(primary_key=True, serialize=False)),
                ('upto_txid', models.TextField(default='0')),
                ('upto_position', models.BigIntegerField(default=0)),
                ('moved_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('process', models.TextField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ScheduleRun',
            fields=[
                ('name', models.TextField(primary_key=True, serialize=False)),
                ('last_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='EventFailure',
            fields=[
                ('tenant_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('consumer', models.TextField()),
                ('position', models.BigIntegerField()),
                ('error', models.TextField()),
                ('attempts', models.IntegerField(default=1)),
                ('due_at', models.DateTimeField()),
            ],
            options={
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('consumer', 'position'), name='kit_failure_once')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('tenant_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.TextField()),
                ('request_hash', models.BinaryField()),
                ('status', models.IntegerField()),
                ('content_type', models.TextField()),
                ('body', models.BinaryField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['created_at'], name='kit_idempotency_age')],
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'key'), name='kit_idempotency_once')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('tenant_id', models.IntegerField()),
                ('id', models.UUIDField(default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.TextField()),
                ('state', models.TextField(choices=[('queued', 'Queued'), ('running', 'Running'), ('succeeded', 'Succeeded'), ('failed', 'Failed')], default='queued')),
                ('done', models.IntegerField(default=0)),
                ('total', models.IntegerField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('params', models.JSONField(default=dict)),
                ('error_code', models.TextField(default='')),
                ('error_message', models.TextField(default='')),
                ('input_file', models.TextField(default='')),
                ('error_file', models.TextField(default='')),
                ('result_file', models.TextField(default='')),
                ('created_by', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['tenant_id', 'kind', '-created_at'], name='kit_job_recent')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'succeeded', 'failed'])), name='kit_job_state'), models.UniqueConstraint(fields=('tenant_id', 'id'), name='kit_job_tenant_id_key')],
            },
        ),
        migrations.CreateModel(
            name='OutboxEvent',
            fields=[
                ('tenant_id', models.IntegerField()),
                ('position', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.UUIDField(default=kith.kit.ids.uuid7, editable=False)),
                ('type', models.TextField()),
                ('subject_type', models.TextField()),
                ('subject_id', models.UUIDField()),
                ('actor', models.TextField()),
                ('request_id', models.TextField(default='')),
                ('occurred_at', models.DateTimeField()),
                ('data', models.JSONField(default=dict)),
                ('txid', kith.kit.fields.TransactionIdField()),
            ],
            options={
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['txid', 'position'], name='kit_event_horizon'), models.Index(fields=['tenant_id', 'subject_type', 'subject_id', 'position'], name='kit_event_subject')],
            },
        ),
        migrations.CreateModel(
            name='SubjectKey',
            fields=[
                ('tenant_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField()),
                ('wrapped', models.BinaryField()),
                ('kek_version', models.IntegerField()),
            ],
            options={
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'subject_id'), name='kit_subject_key_once')],
            },
        ),
        Fence("kit_outboxevent", audit=False, writes="append", unique_id=False),
        Fence("kit_eventfailure", audit=False, unique_id=False),
        Fence("kit_idempotencykey", audit=False, unique_id=False),
        Fence("kit_job", audit=False, unique_id=False),
        Fence("kit_subjectkey", secret=("wrapped",), audit=False, unique_id=False),
    ]
