"""Two corrections to Swift 2.30's s3api, for start.sh with S3D_PATCHES=1.

1. PUT of an object with 'If-None-Match: *' works: 200, or 412
   PreconditionFailed where the key exists. 2.30 answers 501 to any conditional
   PUT, although Swift itself knows this one; upstream lets it through since
   2.36. Such PUTs to one key are let in one at a time, so that of several
   racing clients exactly one wins, as on AWS.
2. ListMultipartUploads with an empty 'delimiter=' (minio-js sends it for
   recursive listings, removeIncompleteUpload and findUploadId) means no
   delimiter; 2.30 folds every upload into one common prefix ''.
"""


def s3api(global_conf, **conf):
    """Paste filter factory, in place of egg:swift#s3api."""
    import functools
    import weakref
    from eventlet.semaphore import Semaphore
    from swift.common.middleware.s3api import s3api as stock, s3request
    from swift.common.middleware.s3api.controllers import obj, multi_upload

    validate = s3request.S3Request._validate_headers

    def _validate_headers(self):
        value = self.environ.get('HTTP_IF_NONE_MATCH')
        if self.method != 'PUT' or value is None or value.strip() != '*' \
                or 'HTTP_X_AMZ_COPY_SOURCE' in self.environ:
            return validate(self)
        del self.environ['HTTP_IF_NONE_MATCH']
        try:
            return validate(self)
        finally:  # the signature covers it, and Swift acts on it
            self.environ['HTTP_IF_NONE_MATCH'] = value

    s3request.S3Request._validate_headers = _validate_headers

    turns = weakref.WeakValueDictionary()
    put = obj.ObjectController.PUT

    @functools.wraps(put)
    def PUT(self, req):
        if req.headers.get('If-None-Match') is None:
            return put(self, req)
        with turns.setdefault((req.container_name, req.object_name), Semaphore()):
            return put(self, req)

    obj.ObjectController.PUT = PUT

    list_uploads = multi_upload.UploadsController.GET

    @functools.wraps(list_uploads)
    def GET(self, req):
        if req.params.get('delimiter') == '':
            params = dict(req.params)
            del params['delimiter']
            req.params = params
        return list_uploads(self, req)

    multi_upload.UploadsController.GET = GET
    return stock.filter_factory(global_conf, **conf)
